import type { z } from 'zod';
import { suggestion } from './nearest-key.ts';
import { flattenYaml } from './settings-file.ts';

/** One setting. `default: null` means that it may stay unset. A secret's value appears in no message and no print. */
export interface Setting {
  readonly doc: string;
  readonly type: z.ZodType;
  readonly default: unknown;
  readonly secret?: true;
  /** Why it cannot stand in the YAML file, and where it can. */
  readonly notInFile?: string;
  /** Further names in the environment, for those who have set them already: NDR_… wins, then the earlier ones. */
  readonly environment?: readonly string[];
}
export type SettingTable = Readonly<Record<string, Setting>>;

export type ValuesOf<T extends SettingTable> = {
  readonly [Path in keyof T]: z.output<T[Path]['type']> | (T[Path]['default'] extends null ? null : never);
};

export interface SettingSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly yamlText?: string | undefined;
  /** How messages name the YAML file. */
  readonly yamlName?: string | undefined;
  /** By path, from the command line. */
  readonly overrides?: Readonly<Record<string, unknown>> | undefined;
}

/** Settings that cannot be used: every fault at once, each beginning with where it stands. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(`settings:\n  ${faults.join('\n  ')}`);
    this.faults = faults;
  }
}

const ENV_PREFIX = 'NDR_';
export const envNameOf = (path: string): string => `${ENV_PREFIX}${path.toUpperCase().replaceAll('.', '_')}`;

/**
 * Names in the environment that begin like settings and are none: what Kubernetes sets for a service called ndr, and
 * what the test suite reads.
 */
const NOT_SETTINGS = /^NDR_(?:.*_)?(?:SERVICE_HOST|SERVICE_PORT|PORT)(?:_.*)?$|^NDR_CAPTURES$/;

interface Given {
  readonly origin: string;
  readonly raw: unknown;
}

/** Reads the settings of a table from their sources; blank text is unset. Throws one SettingsError with every fault. */
export function readTable<T extends SettingTable>(table: T, sources: SettingSources): ValuesOf<T> {
  const paths = Object.keys(table);
  const yamlName = sources.yamlName ?? 'ndr.yaml';
  const file = flattenYaml(sources.yamlText ?? '', yamlName, paths);
  const faults = [...file.faults, ...unknownEnv(paths, sources.env)];
  for (const path of Object.keys(sources.overrides ?? {})) {
    if (!Object.hasOwn(table, path)) faults.push(`--${path}: unknown setting${suggestion(path, paths)}`);
  }
  const values: Record<string, unknown> = {};
  for (const [path, { notInFile }] of Object.entries(table)) {
    if (notInFile !== undefined && file.values.has(path))
      faults.push(`${yamlName}: ${path}: cannot stand here: ${notInFile}`);
  }
  for (const [path, setting] of Object.entries(table)) {
    const envName = envNameOf(path);
    const given = [
      { origin: `--${path}`, raw: sources.overrides?.[path] },
      ...[envName, ...(setting.environment ?? [])].map((name) => ({ origin: name, raw: sources.env[name] })),
      { origin: `${yamlName}: ${path}`, raw: file.values.get(path) },
    ].find(({ raw }) => isSet(raw));
    const value = given === undefined ? setting.default : parse(setting, given, faults);
    if (value === undefined) faults.push(`${envName}: is not set (${yamlName}: ${path}); ${setting.doc}`);
    values[path] = value;
  }
  if (faults.length > 0) throw new SettingsError(faults);
  return Object.freeze(values) as ValuesOf<T>;
}

const isSet = (raw: unknown): boolean =>
  raw !== undefined && raw !== null && !(typeof raw === 'string' && raw.trim() === '');

function parse({ type, secret }: Setting, { origin, raw }: Given, faults: string[]): unknown {
  const result = type.safeParse(raw);
  if (result.success) return result.data;
  const why = result.error.issues.map(({ message }) => message).join('; ');
  faults.push(`${origin}: ${secret ? `is not readable; expected ${type.description ?? 'another value'}` : why}`);
  return null;
}

function unknownEnv(paths: readonly string[], env: SettingSources['env']): string[] {
  const known = paths.map(envNameOf);
  return Object.keys(env)
    .filter((name) => name.startsWith(ENV_PREFIX) && !known.includes(name) && !NOT_SETTINGS.test(name))
    .map((name) => `${name}: unknown setting${suggestion(name, known)}`);
}
