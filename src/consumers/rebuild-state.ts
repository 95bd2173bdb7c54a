import type { BatchSpec } from '../config/batch-spec.ts';
import { PAIR_CONTEXT_SCHEMA } from '../operators/datasets.ts';
import { DELTA_METRICS } from '../operators/delta-metrics.ts';
import { projectSliceOf } from '../operators/project-slice.ts';
import { REBUILD_COLUMNS, rebuildBlocks } from '../operators/rebuild.ts';
import { rebuildTimings, TIMING_COLUMNS } from '../operators/rebuild-timings.ts';
import type { Schema, Table } from '../operators/table.ts';
import type { BatchIndex } from '../state/batch-index.ts';
import { encodeBlock } from '../state/block-codec.ts';
import type { Lake } from '../state/lake.ts';
import { type Manifest, readManifest } from '../state/manifest.ts';
import { decodeParquet } from '../state/parquet.ts';
import { readPublished } from '../state/retention-marks.ts';
import type { BlockKey, BlockStores } from '../state/window-state.ts';
import { projectShard } from './lookback-plan.ts';

const DELTA_SCHEMA: Schema = {
  host_ip: { type: 'string', doc: '' },
  role: { type: 'string', doc: '' },
  ...Object.fromEntries(DELTA_METRICS.map(({ name, type }) => [name, { type, doc: '' }])),
};

type RebuiltStores = Pick<BlockStores, 'windows' | 'timings'>;

const PAIR_COLUMNS = [...new Set([...REBUILD_COLUMNS.pair_context, ...TIMING_COLUMNS])];

/**
 * Puts back the window state of the mini-batches that `missing` names, every shard of each and what all hosts did together,
 * from their published delta and pair context. Returns how many blocks that are.
 */
export async function rebuildState(
  missing: readonly BlockKey[],
  { lake, index, stores }: { readonly lake: Lake; readonly index: BatchIndex; readonly stores: RebuiltStores },
  spec: Pick<BatchSpec, 'segmentMapping'>,
): Promise<number> {
  let rebuilt = 0;
  const byMiniBatch = new Map(missing.map((key) => [key.miniBatchId, key]));
  for (const key of byMiniBatch.values()) {
    const batch = await index.batch(key.project, key.version, key.miniBatchId);
    // A newer revision has taken its place: the caller asks the index again.
    if (batch?.manifest?.sha256 !== key.manifest) continue;
    const manifest = await readManifest(lake, batch.manifest);
    const delta = await readDataset(lake, manifest, 'delta', DELTA_SCHEMA, REBUILD_COLUMNS.delta);
    const pairs = await readDataset(lake, manifest, 'pair_context', PAIR_CONTEXT_SCHEMA, PAIR_COLUMNS);
    const blocks = rebuildBlocks(key, delta, pairs, key.shards);
    for (const [shard, block] of blocks.entries()) {
      const whole = { ...block, miniBatchId: key.miniBatchId, sliceEnd: key.sliceEnd };
      await stores.windows.put({ ...key, shard }, encodeBlock('slice', whole));
    }
    const { miniBatchId, sliceEnd } = key;
    const timings = rebuildTimings({ miniBatchId, sliceEnd }, pairs, key.shards);
    for (const [shard, block] of timings.entries())
      await stores.timings.put({ ...key, shard }, encodeBlock('timings', block));
    const together = projectSliceOf(key, blocks, spec.segmentMapping);
    await stores.windows.put({ ...key, shard: projectShard(spec) }, encodeBlock('project', together));
    rebuilt += blocks.length + timings.length + 1;
  }
  return rebuilt;
}

async function readDataset(
  lake: Lake,
  manifest: Manifest,
  dataset: string,
  schema: Schema,
  columns: readonly string[],
): Promise<Table[]> {
  const files = manifest.datasets[dataset]?.files ?? [];
  const tables: Table[] = [];
  for (const file of files) {
    const bytes = await readPublished(lake, manifest, dataset, file);
    tables.push(decodeParquet(bytes, schema, { source: file.path, columns }));
  }
  return tables;
}
