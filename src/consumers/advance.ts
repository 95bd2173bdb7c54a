import { countFlows } from '../operators/flow.ts';
import type { FileFlows } from '../operators/flow-reader.ts';
import { lagOf } from '../operators/health.ts';
import type { QualityCounts } from '../operators/quality.ts';
import { assembleRows, joinFlows, type SliceOptions, type SliceRows } from '../operators/slice-rows.ts';
import { mapInOrder } from '../state/map-in-order.ts';
import type { WorkPool } from './work-pool.ts';

export interface AdvancedBatch {
  readonly rows: SliceRows;
  /** Flows that passed the rules of data quality. */
  readonly flows: number;
  /** p95 of batch_end - event_end in ms; NaN without any event_end. */
  readonly lag: number;
}

/**
 * Turns the flows of a mini-batch into its rows, shard by shard. Adds to `counts` what the slice's own rules met. The
 * flows are let go when it returns: only the rows remain.
 */
export async function advanceMiniBatch(
  { pool, parallel }: { readonly pool: WorkPool; readonly parallel: number },
  files: FileFlows[],
  options: SliceOptions,
  batchEnd: number,
  counts: QualityCounts,
): Promise<AdvancedBatch> {
  const batch = joinFlows(files, options, counts);
  const shards = await mapInOrder(
    Array.from({ length: options.shards }, (_, shard) => shard),
    parallel,
    (shard) => pool.advance({ batch, shard, options }),
  );
  return {
    rows: assembleRows(batch, shards, options),
    flows: countFlows(batch.flows),
    lag: lagOf(batch.flows, batchEnd),
  };
}
