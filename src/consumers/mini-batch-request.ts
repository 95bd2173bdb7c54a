import type { BatchSpec } from '../config/batch-spec.ts';
import type { SliceRules } from '../config/slice-time.ts';
import type { BaselinePublications } from '../state/baseline-publications.ts';
import type { BatchIndex } from '../state/batch-index.ts';
import type { Lake } from '../state/lake.ts';
import type { RawFiles } from '../state/raw-files.ts';
import type { BlockStores } from '../state/window-state.ts';
import type { MiniBatchWatch } from './mini-batch-watch.ts';
import type { InputLimits } from './read-mini-batch.ts';
import type { Announced, MiniBatchFolder } from './settle-slice.ts';
import type { WorkPool } from './work-pool.ts';

/** What a computation keeps between mini-batches, and the threads that hold it open. */
export interface StateDeps {
  readonly stores: BlockStores;
  readonly pool: WorkPool;
}

/** What the way of a mini-batch stands on. */
export interface MiniBatchDeps extends StateDeps {
  readonly lake: Lake;
  readonly quarantine: Lake;
  readonly rawFiles: RawFiles;
  readonly index: BatchIndex;
  readonly baselines: BaselinePublications;
  readonly shards: number;
  /** Work that may be under way at once. */
  readonly parallel: number;
  readonly limits: InputLimits;
  /** Slices behind the newest that window state keeps. */
  readonly keepMs: number;
  /** A state of its own for what the live one no longer covers; the same one at every call. */
  readonly scratch: () => StateDeps;
  readonly codeVersion: string;
  /** ms UTC. */
  readonly clock: () => number;
  readonly watch: MiniBatchWatch;
}

export interface MiniBatchRequest {
  readonly spec: BatchSpec;
  readonly folder: MiniBatchFolder;
  readonly sliceRules: Omit<SliceRules, 'now'>;
  /** Times that a notification told; they settle a slice that is not settled yet. */
  readonly announced?: Announced;
  /** The notification as it came, to be kept where the mini-batch can never succeed. */
  readonly notification?: string;
  /** Settles the slice anew, ms UTC. */
  readonly at?: number | null;
  /** Leaves a mini-batch of which only the windows changed to whoever publishes affected ones again. */
  readonly leavesAffected?: boolean;
}
