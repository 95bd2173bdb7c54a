// ndr-stream itself: survey of the project, then all window features of every shard, over state that was written directly.
import { parseArgs } from 'node:util';
import { type EmitSources, emitShard, surveyProject } from '../../src/consumers/emit.ts';
import { createStages } from '../../src/consumers/stages.ts';
import { inlinePool, threadPool } from '../../src/consumers/work-pool.ts';
import { knownRowsOf } from '../../src/operators/known-rows.ts';
import { BEHAVIOUR_FEATURES, FEATURE_COUNT, WINDOW_FEATURES } from '../../src/operators/metrics.ts';
import type { SliceBlock } from '../../src/operators/windows.ts';
import { decodeBlock } from '../../src/state/block-codec.ts';
import { mapInOrder } from '../../src/state/map-in-order.ts';
import { printReport } from './report.ts';
import { SPEC } from './spec.ts';
import { currentKey, openPrepared } from './state.ts';
import { SHARDS } from './world.ts';

const { values } = parseArgs({
  options: {
    state: { type: 'string' },
    threads: { type: 'string', default: '1' },
    // Leaves out all that looks back further than the windows, as the other peer does.
    'without-novelty': { type: 'boolean', default: false },
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
const { stores, index, plan: whole, earlier } = await openPrepared(state);
const plan = values['without-novelty'] ? { ...whole, days: [], projectDays: 0 } : whole;
mark('planned');
const pool =
  threads === 1
    ? inlinePool(createStages(stores))
    : threadPool(threads, new URL('../../src/worker.ts', import.meta.url), { state });
const blocks: SliceBlock[] = [];
for (let shard = 0; shard < SHARDS; shard++) {
  blocks.push(decodeBlock('slice', (await stores.windows.get(currentKey(shard)))!)!);
}
const lake = undefined as never;
const sources: EmitSources = { deps: { lake, index, stores, pool, shards: SHARDS }, spec: SPEC, plan, earlier };
const known = values['without-novelty']
  ? knownRowsOf([], { yesterday: null, base: null }, plan.today)
  : (await surveyProject(sources, blocks)).known;
mark('surveyed');
const sums = new Float64Array(FEATURE_COUNT);
let hosts = 0;
await mapInOrder(blocks, Math.max(1, threads), async (block) => {
  const { windows } = await emitShard(sources, blocks.indexOf(block), block, known);
  hosts += windows.hosts.length;
  for (let at = 0; at < windows.features.length; at++) sums[at % FEATURE_COUNT]! += windows.features[at]!;
  mark('emitted');
});
await pool.close();
const names = [...WINDOW_FEATURES, ...BEHAVIOUR_FEATURES].map(({ name }) => name);
printReport({ hosts, ...Object.fromEntries(names.map((name, f) => [name, sums[f]!])) });
