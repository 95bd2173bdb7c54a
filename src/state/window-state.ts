/** A shard of hosts, or what all of them did together under one mapping of segments (by its digest). */
export type ShardName = number | `project-${string}`;

/** Names the sealed block that one revision of a mini-batch left for one shard, or what many of them were merged to. */
export interface BlockKey {
  readonly project: string;
  readonly version: string;
  readonly shards: number;
  readonly shard: ShardName;
  /** ms UTC; of merged ones the first instant of their day. */
  readonly sliceEnd: number;
  /** Of merged ones `day` or `base`. */
  readonly miniBatchId: string;
  /** sha256 hex of the revision's manifest, or of what was merged: other content has another block. */
  readonly manifest: string;
}

/**
 * Where sealed blocks live. They are a cache of what the lake holds: a block may vanish at any time, and whoever misses one
 * rebuilds it. A block is whole or absent.
 */
export interface WindowState {
  get(key: BlockKey): Promise<Uint8Array | undefined>;
  /** refused: there is no room for it, or the place is away. What the key held before is not there either. */
  put(key: BlockKey, block: Uint8Array): Promise<'stored' | 'refused'>;
  /** Forgets the blocks of slices that end at `sliceEnd` (ms UTC) or before. */
  prune(project: string, version: string, sliceEnd: number): Promise<void>;
}

/** Blocks by what they are for: windows, timings, the lookback's days and their merger, and what FG-C reads of baselines. */
export interface BlockStores {
  readonly windows: WindowState;
  /** When the pairs of the windows' blocks began, under the same keys. */
  readonly timings: WindowState;
  readonly days: WindowState;
  readonly bases: WindowState;
  readonly baselines: WindowState;
}

/** What became of one call, told to whoever counts. */
export type StateEvent = 'hit' | 'miss' | 'stored' | 'refused' | 'unavailable';
export type StatePlace = 'redis' | 'folder';
/** `times`: of so many alike, 1 unless it is told. */
export type StateObserver = (place: StatePlace, event: StateEvent, times?: number) => void;

/** The same place, of which somebody hears. */
export function observedState(state: WindowState, place: StatePlace, observe: StateObserver): WindowState {
  return {
    async get(key) {
      const block = await state.get(key);
      observe(place, block === undefined ? 'miss' : 'hit');
      return block;
    },
    async put(key, block) {
      const outcome = await state.put(key, block);
      observe(place, outcome);
      return outcome;
    },
    prune: (...slices) => state.prune(...slices),
  };
}
