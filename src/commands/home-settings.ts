import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSettings } from '../config/read-settings.ts';
import { SETTINGS, type Settings } from '../config/settings.ts';
import { SettingsError } from '../config/settings-table.ts';
import { codeOf, isMissing } from '../state/durable-file.ts';
import type { Flags, FlagValues } from './command.ts';

/** Every setting is a flag too. */
export const SETTING_FLAGS: Flags = Object.fromEntries(
  Object.entries(SETTINGS).map(([path, { doc }]) => [path, { type: 'string', doc, value: 'VALUE' }]),
);

/**
 * The settings in force: flags, then the environment, then `ndr.yaml` of the home that the first two name. Where the
 * home lies the file itself cannot say.
 */
export function readHomeSettings(flags: FlagValues, env: Readonly<Record<string, string | undefined>>): Settings {
  const given = Object.keys(SETTINGS).flatMap((path) => (flags[path] === undefined ? [] : [[path, flags[path]]]));
  const overrides: Record<string, string | boolean> = Object.fromEntries(given);
  const home = [flags['home'], env['NDR_HOME']].find((path) => typeof path === 'string' && path.trim() !== '');
  const folder = typeof home === 'string' ? home.trim() : SETTINGS.home.default;
  const yamlName = join(folder, 'ndr.yaml');
  return readSettings({ env, overrides: { ...overrides, home: folder }, yamlName, yamlText: textOf(yamlName) });
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw new SettingsError([`${path}: cannot be read: ${codeOf(error)}; make it a readable file, or remove it`]);
  }
}
