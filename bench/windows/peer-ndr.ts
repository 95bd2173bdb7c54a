// ndr-stream itself: survey of the project, then all window features of every shard, over state that was written directly.
// What is reported is the whole process, or with --warm the step alone.
import { parseArgs } from 'node:util';
import type { BackingOptions } from '../../src/commands/backing.ts';
import { type EmitSources, emitShard, keyOf, surveyProject } from '../../src/consumers/emit.ts';
import { UNWATCHED } from '../../src/consumers/mini-batch-watch.ts';
import { createStages } from '../../src/consumers/stages.ts';
import { inlinePool, threadPool } from '../../src/consumers/work-pool.ts';
import { knownRowsOf } from '../../src/operators/known-rows.ts';
import { BEHAVIOUR_FEATURES, FEATURE_COUNT, WINDOW_FEATURES } from '../../src/operators/metrics.ts';
import type { SliceBlock } from '../../src/operators/windows.ts';
import type { CommittedBatch } from '../../src/state/batch-index.ts';
import { decodeBlock } from '../../src/state/block-codec.ts';
import { mapInOrder } from '../../src/state/map-in-order.ts';
import { openDirectoryRawFiles } from '../../src/state/raw-files/directory.ts';
import type { BlockKey, ShardName } from '../../src/state/window-state.ts';
import { momentNow, printReport } from './report.ts';
import { SPEC } from './spec.ts';
import { currentKey, openPrepared } from './state.ts';
import { SHARDS } from './world.ts';

const { values } = parseArgs({
  options: {
    state: { type: 'string' },
    threads: { type: 'string', default: '1' },
    // Leaves out all that looks back further than the windows, as the other peer does.
    'without-novelty': { type: 'boolean', default: false },
    // Emits the mini-batch before, seals it as `serve` does, and measures only the next one.
    warm: { type: 'boolean', default: false },
  },
});
const state = values.state!;
const threads = Number(values.threads);
const started = performance.now();
const mark = (stage: string): void => {
  if (process.env['NDR_BENCH_STAGES'] === undefined) return;
  const { user, system } = process.cpuUsage();
  const memory = `${Math.round(process.resourceUsage().maxRSS / 1024)} MB peak`;
  process.stderr.write(
    `${stage}: ${((performance.now() - started) / 1000).toFixed(2)} s, ${((user + system) / 1e6).toFixed(2)} s CPU, ${memory}\n`,
  );
};

mark('ready');
const { stores, index, plan: whole, earlier, before } = await openPrepared(state);
const isWithout = values['without-novelty'];
const plan = isWithout ? { ...whole, days: [], projectDays: 0 } : whole;
mark('planned');
const pool =
  threads === 1
    ? inlinePool(createStages(stores, openDirectoryRawFiles()))
    : threadPool(threads, new URL('../../src/worker.ts', import.meta.url), {
        backing: { state, redis: null, s3: null } satisfies BackingOptions,
      });
const sourcesOf = (batches: readonly CommittedBatch[]): EmitSources => ({
  ...{ deps: { lake: undefined as never, index, stores, pool, shards: SHARDS, watch: UNWATCHED }, spec: SPEC, plan },
  earlier: batches,
});
const blocksOf = async (keyOfShard: (shard: number) => BlockKey): Promise<SliceBlock[]> => {
  const blocks: SliceBlock[] = [];
  for (let shard = 0; shard < SHARDS; shard++)
    blocks.push(decodeBlock('slice', (await stores.windows.get(keyOfShard(shard)))!)!);
  return blocks;
};
const survey = async (sources: EmitSources, blocks: readonly SliceBlock[]) =>
  isWithout
    ? { known: knownRowsOf([], { yesterday: null, base: null }, plan.today) }
    : await surveyProject(sources, blocks);
const sealedKey = (shard: ShardName): BlockKey => keyOf({ shards: SHARDS }, SPEC, shard, before.batch);

if (values.warm) {
  const sources = sourcesOf(before.earlier);
  const blocks = await blocksOf(sealedKey);
  const { known } = await survey(sources, blocks);
  await mapInOrder(blocks, Math.max(2, threads), (block) => emitShard(sources, blocks.indexOf(block), block, known));
  await mapInOrder(blocks, Math.max(2, threads), (block) =>
    pool.seal({ kind: 'slice', key: sealedKey(blocks.indexOf(block)), block }),
  );
  mark('warm');
}
const sources = sourcesOf(earlier);
const blocks = await blocksOf(currentKey);
// In a running process the mini-batch's own rows come from its lines, and are in memory.
const start = values.warm ? momentNow() : undefined;
const { known } = await survey(sources, blocks);
mark('surveyed');
const sums = new Float64Array(FEATURE_COUNT);
let hosts = 0;
await mapInOrder(blocks, Math.max(1, threads), async (block) => {
  const { windows } = await emitShard(sources, blocks.indexOf(block), block, known);
  hosts += windows.hosts.length;
  for (let at = 0; at < windows.features.length; at += FEATURE_COUNT)
    for (let feature = 0; feature < FEATURE_COUNT; feature++) sums[feature]! += windows.features[at + feature]!;
  mark('emitted');
});
const names = [...WINDOW_FEATURES, ...BEHAVIOUR_FEATURES].map(({ name }) => name);
printReport({ hosts, ...Object.fromEntries(names.map((name, f) => [name, sums[f]!])) }, start);
await pool.close();
