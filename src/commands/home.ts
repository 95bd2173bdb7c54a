import type { BatchSpec } from '../config/batch-spec.ts';
import { sliceRulesOf } from '../config/slice-time.ts';
import type { MiniBatchRequest } from '../consumers/mini-batch-request.ts';
import type { CommandContext } from './command.ts';
import type { PlaceWatch } from './monitoring.ts';
import { type FolderReader, openFolderReader } from './own-folders.ts';
import { openPlace, type Place } from './place.ts';
import { readProjectSpec } from './project-spec.ts';

/** A place with one project under one version. */
export interface Home extends Place {
  readonly spec: BatchSpec;
  readonly sliceRules: MiniBatchRequest['sliceRules'];
  readonly readFolder: FolderReader;
}

/** Opens the home that the settings name; a folder that is empty or not there yet is one with all defaults. */
export async function openHome(
  context: CommandContext,
  onExit: (undo: () => Promise<void>) => void,
  watch?: PlaceWatch,
  work?: 'here' | 'beside',
): Promise<Home> {
  const { settings, terminal, flags } = context;
  const place = await openPlace(context, onExit, watch, work);
  const { index, specs } = place.storage;
  const spec = await readProjectSpec(specs, settings.project, settings.feature_spec_version);
  for (const warning of spec.warnings) terminal.note(`warning: ${warning}`);
  // Only homes of directories were ever written by an older ndr; and to look costs reading all keys.
  if (settings['tables.store'] === 'directory' && flags['dry-run'] !== true) {
    const entered = await index.enterMissing(spec.project, spec.featureSpecVersion);
    if (entered > 0)
      terminal.note(
        `warning: ${entered} committed mini-batches were not entered under their slices: an older ndr was killed before it had ` +
          'done so; they are now',
      );
  }
  const readFolder = await openFolderReader(specs, spec.project, (text) => terminal.note(`warning: ${text}`));
  return { ...place, spec, sliceRules: sliceRulesOf(spec, settings), readFolder };
}
