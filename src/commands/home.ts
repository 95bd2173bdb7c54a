import { mkdir, readFile } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BatchSpec } from '../config/batch-spec.ts';
import { resolveBatchSpec } from '../config/job-specs.ts';
import { documentsNeeded } from '../config/spec-collection.ts';
import { DEFAULT_VERSION, readSpecItems } from '../config/spec-items.ts';
import { resolveFeatureSpecVersion } from '../config/spec-version.ts';
import { parseYaml } from '../config/yaml-text.ts';
import type { MiniBatchDeps, MiniBatchRequest } from '../consumers/mini-batch.ts';
import { createStages } from '../consumers/stages.ts';
import { inlinePool, threadPool, type WorkPool } from '../consumers/work-pool.ts';
import { SLICE_MS, SLICES_PER_DAY } from '../operators/metrics.ts';
import { openBatchIndex } from '../state/batch-index.ts';
import { openDirectoryItems } from '../state/items/directory.ts';
import { openDirectoryLake } from '../state/lake/directory.ts';
import { readSpecFiles } from '../state/specs.ts';
import { clearUnfinishedBlocks, openDirectoryWindowState } from '../state/window-state/directory.ts';
import type { CommandContext } from './command.ts';

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

/** Opens the home that the settings name; a folder that is empty or not there yet is one with all defaults. */
export async function openHome(context: CommandContext, onExit: (undo: () => Promise<void>) => void): Promise<Home> {
  const { settings } = context;
  const folder = resolve(settings.home);
  await mkdir(folder, { recursive: true });
  const spec = await readSpec(context, join(folder, 'specs'));
  for (const warning of spec.warnings) context.terminal.note(`warning: ${warning}`);
  const lakeFolder = join(folder, 'lake');
  const stateFolder = join(folder, 'state');
  const lake = await openDirectoryLake(lakeFolder);
  const quarantine = await openDirectoryLake(join(folder, 'quarantine'));
  const index = openBatchIndex(await openDirectoryItems(join(stateFolder, 'items')));
  const windowsFolder = join(stateFolder, 'windows');
  await clearUnfinishedBlocks(windowsFolder);
  const windows = openDirectoryWindowState(windowsFolder);
  const threads = settings.threads === 'auto' ? Math.min(MOST_AUTO_THREADS, context.cores) : settings.threads;
  const pool: WorkPool =
    threads === 1 ? inlinePool(createStages(windows)) : threadPool(threads, context.worker, { windows: windowsFolder });
  onExit(() => pool.close());
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
      index,
      windows,
      pool,
      shards: settings.shards,
      parallel: Math.max(2, threads),
      keepMs: SLICES_PER_DAY * SLICE_MS + settings['state.late_hours'] * HOUR,
      codeVersion: context.codeVersion,
      clock: context.clock,
    },
  };
}

async function readSpec({ settings }: CommandContext, folder: string): Promise<BatchSpec> {
  const files = await readSpecFiles(folder, parseYaml);
  const stored = files.map(({ attributes, file: _, ...item }) => ({ ...attributes, ...item }));
  const { project } = settings;
  const version = resolveFeatureSpecVersion({
    items: readSpecItems(stored).items,
    project,
    explicit: settings.feature_spec_version,
    fallback: DEFAULT_VERSION,
  });
  const documents: Record<string, unknown> = {};
  for (;;) {
    const needed = documentsNeeded({ project, version, items: stored, documents }).filter((at) => !(at in documents));
    if (needed.length === 0) break;
    for (const location of needed) documents[location] = await readDocument(location, folder);
  }
  return resolveBatchSpec({ project, version, items: stored, documents });
}

/** A JSON document that a spec names: file:// or a path, relative to the specs folder. */
async function readDocument(location: string, folder: string): Promise<unknown> {
  const path = location.startsWith('file://')
    ? fileURLToPath(location)
    : isAbsolute(location)
      ? location
      : join(folder, location);
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}
