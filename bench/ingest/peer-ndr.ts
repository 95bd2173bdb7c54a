// ndr-stream itself, by the functions that take a mini-batch its way: read, join, advance, assemble; with --parquet, encode
// and publish delta, pair context and pair counts into a lake. All rules of data quality are on.
import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { BackingOptions } from '../../src/commands/backing.ts';
import { resolveBatchSpec } from '../../src/config/job-specs.ts';
import { advanceMiniBatch } from '../../src/consumers/advance.ts';
import { encodeSliceRows } from '../../src/consumers/encode-datasets.ts';
import { addCounts } from '../../src/consumers/input-faults.ts';
import { readerOptionsOf, sliceOptionsOf } from '../../src/consumers/slice-plan.ts';
import { createStages } from '../../src/consumers/stages.ts';
import { inlinePool, threadPool } from '../../src/consumers/work-pool.ts';
import { noCounts } from '../../src/operators/quality.ts';
import { openDirectoryLake } from '../../src/state/lake/directory.ts';
import { mapInOrder } from '../../src/state/map-in-order.ts';
import { partFiles, publishParts } from '../../src/state/publish.ts';
import { openDirectoryRawFiles } from '../../src/state/raw-files/directory.ts';
import { openDirectoryBlockStores } from '../../src/state/window-state/directory.ts';
import { printReport, readPeerArguments } from './peer.ts';

const { files, miniBatchId, sliceEndMs, threads, parquet } = readPeerArguments();
const started = performance.now();
const mark = (stage: string): void => {
  if (process.env['NDR_BENCH_STAGES'] === undefined) return;
  const { user, system } = process.cpuUsage();
  const memory = `${Math.round(process.resourceUsage().maxRSS / 1024)} MB peak`;
  process.stderr.write(
    `${stage}: ${((performance.now() - started) / 1000).toFixed(2)} s, ${((user + system) / 1e6).toFixed(2)} s CPU, ${memory}\n`,
  );
};

const SLICE_MS = 900_000;
const LIMITS = { bytes: 2 ** 40, lines: 1e9, keptBytes: 0 };
const spec = resolveBatchSpec({ project: 'default', version: 'v1', items: [] });
const lineage = { miniBatchId, sliceStart: sliceEndMs - SLICE_MS, sliceEnd: sliceEndMs };
const shardCount = threads;
const parallel = Math.max(2, threads);
const pool =
  threads === 1
    ? inlinePool(createStages(openDirectoryBlockStores('unused'), openDirectoryRawFiles()))
    : threadPool(threads, new URL('../../src/worker.ts', import.meta.url), {
        backing: { state: 'unused', redis: null, s3: null } satisfies BackingOptions,
      });
const options = sliceOptionsOf(spec, lineage, shardCount);

mark('ready');
const read = await mapInOrder(files, parallel, (path) => {
  const file = { name: path, path, size: statSync(path).size, modifiedMs: 0, arrivedMs: 0 };
  return pool.read({ file, options: readerOptionsOf(spec), limits: LIMITS });
});
const flows = read.flatMap((file) => (file.is === 'read' ? [file.flows] : []));
const counts = noCounts();
addCounts(flows, counts);
read.length = 0;
mark('read');
const { rows } = await advanceMiniBatch({ pool, parallel }, flows, options, sliceEndMs, counts);
mark('advanced');

let sessions = 0;
let bytesSent = 0;
for (const { inbound, outbound } of rows.shards) {
  for (const { totals, width } of [inbound, outbound]) {
    for (let at = 0; at < totals.length; at += width) {
      sessions += totals[at]!;
      bytesSent += totals[at + 8]!;
    }
  }
}
let pairSessions = 0;
for (let source = 0; source < rows.addresses.count; source++) {
  rows.pairCounts.visit(source, (_destination, _port, count) => {
    pairSessions += count;
  });
}
if (parquet !== undefined) {
  const lake = await openDirectoryLake(join(parquet, 'lake'));
  for (const { folder, parts } of await encodeSliceRows({ pool, parallel }, spec, rows, lineage)) {
    await publishParts(lake, partFiles(folder, parts));
  }
  mark(`published on ${availableParallelism()} cores`);
}
await pool.close();
printReport({
  delta_rows: rows.order.length,
  delta_sessions: sessions,
  delta_bytes_sent: bytesSent,
  pair_context_rows: rows.pairOrder.length,
  pair_counts_rows: rows.pairCounts.length,
  pair_counts_sessions: pairSessions,
});
