import { access, constants, mkdir, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { BatchSpec } from '../config/batch-spec.ts';
import { parseYaml } from '../config/yaml-text.ts';
import { MOST_HELD_BYTES } from '../consumers/held-days.ts';
import type { MiniBatchDeps, MiniBatchRequest, StateDeps } from '../consumers/mini-batch-request.ts';
import { createStages } from '../consumers/stages.ts';
import { inlinePool, threadPool } from '../consumers/work-pool.ts';
import { SLICE_MS, SLICES_PER_DAY } from '../operators/metrics.ts';
import { openBaselinePublications } from '../state/baseline-publications.ts';
import { type BatchIndex, openBatchIndex } from '../state/batch-index.ts';
import { codeOf, isMissing } from '../state/durable-file.ts';
import { openDirectoryItems } from '../state/items/directory.ts';
import { openDirectoryLake } from '../state/lake/directory.ts';
import { openDirectoryRawFiles } from '../state/raw-files/directory.ts';
import { clearScratchFolders, scratchFolderIn } from '../state/scratch-folders.ts';
import { openDirectorySpecs } from '../state/specs/directory.ts';
import { clearUnfinishedBlocks, openDirectoryBlockStores } from '../state/window-state/directory.ts';
import { type CommandContext, UsageError } from './command.ts';
import { readProjectSpec } from './project-spec.ts';

/** A local home, open: specs, lake, quarantine, index and window state in folders of one place. */
export interface Home {
  readonly folder: string;
  readonly lakeFolder: string;
  readonly deps: MiniBatchDeps;
  readonly spec: BatchSpec;
  readonly sliceRules: MiniBatchRequest['sliceRules'];
}

const HOUR = 3_600_000;
const MOST_AUTO_THREADS = 4;
/** Days beside the live ones are few: what is asked of them once is seldom asked again. */
const SCRATCH_HELD_BYTES = MOST_HELD_BYTES / 8;

/** Opens the home that the settings name; a folder that is empty or not there yet is one with all defaults. */
export async function openHome(context: CommandContext, onExit: (undo: () => Promise<void>) => void): Promise<Home> {
  const { settings } = context;
  const folder = resolve(settings.home);
  await ensureHome(folder);
  const specs = openDirectorySpecs(join(folder, 'specs'), parseYaml);
  const spec = await readProjectSpec(specs, settings.project, settings.feature_spec_version);
  for (const warning of spec.warnings) context.terminal.note(`warning: ${warning}`);
  const lakeFolder = join(folder, 'lake');
  const stateFolder = join(folder, 'state');
  const lake = await openDirectoryLake(lakeFolder);
  const quarantine = await openDirectoryLake(join(folder, 'quarantine'));
  const items = await openDirectoryItems(join(stateFolder, 'items'));
  const index = openBatchIndex(items);
  if (context.flags['dry-run'] !== true) await enterMissing(context, index, spec);
  await clearUnfinishedBlocks(stateFolder);
  const threads = threadsOf(context);
  const rawFiles = openDirectoryRawFiles();
  const openState = (place: string, heldBytes: number): StateDeps => {
    const stores = openDirectoryBlockStores(place, stateFolder);
    const pool =
      threads === 1
        ? inlinePool(createStages(stores, rawFiles, heldBytes))
        : threadPool(threads, context.worker, { state: place, days: stateFolder, heldBytes });
    return { stores, pool };
  };
  const live = openState(stateFolder, MOST_HELD_BYTES);
  onExit(() => live.pool.close());
  const scratch = await scratchIn(join(stateFolder, 'scratch'), (place) => openState(place, SCRATCH_HELD_BYTES));
  onExit(scratch.close);
  return {
    folder,
    lakeFolder,
    spec,
    sliceRules: {
      sliceTime: spec.input.sliceTime ?? settings['input.slice_time'],
      idPattern: spec.input.idPattern ?? settings['input.id_pattern'],
      floorMinutes: spec.windowFloorMinutes,
    },
    deps: {
      lake,
      quarantine,
      rawFiles,
      index,
      baselines: openBaselinePublications(items, lake),
      ...live,
      scratch: scratch.open,
      shards: settings.shards,
      parallel: Math.max(2, threads),
      limits: { fileBytes: settings['input.max_file_bytes'], lines: settings['input.max_lines'] },
      keepMs: SLICES_PER_DAY * SLICE_MS + settings['state.late_hours'] * HOUR,
      codeVersion: context.codeVersion,
      clock: context.clock,
    },
  };
}

/** Earlier versions entered mini-batches under their slices after they had recorded them, and may have been killed in between. */
async function enterMissing({ terminal }: CommandContext, index: BatchIndex, spec: BatchSpec): Promise<void> {
  const entered = await index.enterMissing(spec.project, spec.featureSpecVersion);
  if (entered > 0)
    terminal.note(`warning: ${entered} committed mini-batches were not entered under their slices; they are now`);
}

/** Worker threads under the settings. */
export const threadsOf = ({ settings, cores }: Pick<CommandContext, 'settings' | 'cores'>): number =>
  settings.threads === 'auto' ? Math.min(MOST_AUTO_THREADS, cores) : settings.threads;

/** A state beside the live one, opened when it is first asked for and removed at the end. */
async function scratchIn(
  root: string,
  openState: (place: string) => StateDeps,
): Promise<{ open: () => StateDeps; close: () => Promise<void> }> {
  await clearScratchFolders(root);
  const place = scratchFolderIn(root);
  let state: StateDeps | undefined;
  return {
    open() {
      state ??= openState(place);
      return state;
    },
    async close() {
      await state?.pool.close();
      await rm(place, { recursive: true, force: true });
    },
  };
}

/** Makes the home's folder where it is not there; throws a UsageError where it cannot be one. */
async function ensureHome(folder: string): Promise<void> {
  try {
    await makeFolder(folder);
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new UsageError(`home: ${folder} ${homeFault(codeOf(error))}; choose another with --home or NDR_HOME`, {
      cause: error,
    });
  }
}

function homeFault(code = 'unknown error'): string {
  if (code === 'EEXIST' || code === 'ENOTDIR') return 'is a file, or lies below one';
  if (code === 'EACCES' || code === 'EPERM') return `is not readable and writable for this user (${code})`;
  if (code === 'EROFS') return 'lies on a file system that is read-only';
  return `cannot be made (${code})`;
}

/** mkdir -p that gives up where a folder cannot be made: Node's own tries for ever on file systems such as /proc. */
async function makeFolder(folder: string): Promise<void> {
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    (error) => {
      if (isMissing(error)) return false;
      throw error;
    },
  );
  if (isFolder || dirname(folder) === folder) return;
  await makeFolder(dirname(folder));
  await mkdir(folder).catch(async (error) => {
    // Another process may have made it meanwhile.
    if (codeOf(error) !== 'EEXIST' || !(await stat(folder)).isDirectory()) throw error;
  });
}
