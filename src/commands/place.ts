import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Settings } from '../config/settings.ts';
import { passOn } from '../consumers/backing-watch.ts';
import { MOST_HELD_BYTES } from '../consumers/held-days.ts';
import type { MiniBatchDeps, StateDeps } from '../consumers/mini-batch-request.ts';
import { createStages } from '../consumers/stages.ts';
import { inlinePool, threadPool } from '../consumers/work-pool.ts';
import { SLICE_MS, SLICES_PER_DAY } from '../operators/metrics.ts';
import { DAY_MS, HOUR_MS } from '../operators/time.ts';
import { openBaselinePublications } from '../state/baseline-publications.ts';
import { clearScratchFolders, scratchFolderIn } from '../state/scratch-folders.ts';
import { clearUnfinishedBlocks, openDirectoryBlockStores } from '../state/window-state/directory.ts';
import type { RedisStateOptions } from '../state/window-state/redis-block-stores.ts';
import type { BlockStores } from '../state/window-state.ts';
import { type BackingOptions, openBacking } from './backing.ts';
import type { CommandContext } from './command.ts';
import { ensureHome } from './home-folder.ts';
import { type PlaceWatch, SILENT_PLACE } from './monitoring.ts';
import { openStorage, type Storage, s3OptionsOf } from './storage.ts';

/** What mini-batches of any project are taken by: storage, window state, threads. */
export interface Place {
  /** The home: window state that lies nowhere else, and whatever the settings do not put into AWS. */
  readonly folder: string;
  readonly storage: Storage;
  readonly deps: MiniBatchDeps;
}

const MOST_AUTO_THREADS = 4;
/** Days beside the live ones are few: what is asked of them once is seldom asked again. */
const SCRATCH_HELD_BYTES = MOST_HELD_BYTES / 8;

/**
 * Opens what the settings name; the home's folder is made where it is not there yet.
 *
 * @param watch hears what goes on there
 * @param work where a single thread computes: `beside`, this one goes on to answer and to hear signals meanwhile
 */
export async function openPlace(
  context: CommandContext,
  onExit: (undo: () => Promise<void>) => void,
  watch: PlaceWatch = SILENT_PLACE,
  work: 'here' | 'beside' = 'here',
): Promise<Place> {
  const { settings } = context;
  const folder = resolve(settings.home);
  await ensureHome(folder);
  const storage = await openStorage(settings, folder, onExit, watch.retried);
  const { lake, quarantine, items, index } = storage;
  const stateFolder = join(folder, 'state');
  await clearUnfinishedBlocks(stateFolder);
  const threads = threadsOf(context);
  const keepMs = SLICES_PER_DAY * SLICE_MS + settings['state.late_hours'] * HOUR_MS;
  const backing: BackingOptions = {
    state: stateFolder,
    redis: redisStateOf(settings, keepMs),
    s3: s3OptionsOf(settings),
  };
  const { stores, rawFiles, close } = await openBacking(backing, watch.backing);
  onExit(async () => close());
  const withPool = (own: BlockStores, options: BackingOptions, heldBytes: number): StateDeps => {
    const pool =
      threads === 1 && work === 'here'
        ? inlinePool(createStages(own, rawFiles, heldBytes))
        : threadPool(threads, context.worker, { backing: options, heldBytes }, (news) => passOn(news, watch.backing));
    return { stores: own, pool };
  };
  const live = withPool(stores, backing, MOST_HELD_BYTES);
  onExit(() => live.pool.close());
  const scratch = await scratchIn(join(stateFolder, 'scratch'), (place) => {
    // What no other process will ask for stays out of Redis.
    const options: BackingOptions = { ...backing, state: place, days: stateFolder, redis: null };
    return withPool(openDirectoryBlockStores(place, stateFolder), options, SCRATCH_HELD_BYTES);
  });
  onExit(scratch.close);
  return {
    folder,
    storage,
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
      keepMs,
      codeVersion: context.codeVersion,
      clock: context.clock,
      watch: watch.miniBatches,
    },
  };
}

/** Worker threads under the settings. */
export const threadsOf = ({ settings, cores }: Pick<CommandContext, 'settings' | 'cores'>): number =>
  settings.threads === 'auto' ? Math.min(MOST_AUTO_THREADS, cores) : settings.threads;

/** Where window state lies in Redis; null: the home keeps it. */
function redisStateOf(settings: Settings, keepMs: number): RedisStateOptions | null {
  const url = settings['redis.state_url'];
  if (url === null) return null;
  // A day of wall time beyond what is kept of slices: longer than a live path is behind.
  return { url, maxBytes: settings['state.max_bytes'], expiryMs: keepMs + DAY_MS };
}

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
