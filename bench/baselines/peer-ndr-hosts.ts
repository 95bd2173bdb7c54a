// The host level alone, as DuckDB has it: files decoded, quantiles and MAD of every column by host. One thread.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { resolveBatchSpec } from '../../src/config/job-specs.ts';
import { openBin, prepareBin } from '../../src/jobs/baseline-bin.ts';
import { BASELINE_SIZES, binsFor } from '../../src/jobs/baseline-memory.ts';
import { openRuns, readColumn } from '../../src/jobs/bin-column.ts';
import { spillFeatures } from '../../src/jobs/spill-features.ts';
import { BASELINE_METRICS } from '../../src/operators/baseline-metrics.ts';
import type { RowGroups } from '../../src/operators/baseline-rows.ts';
import { statisticsOfBin } from '../../src/operators/baseline-statistics.ts';
import { PROJECT, VERSION } from './history.ts';

const ROWS_PER_RUN = 30_000;
const { values } = parseArgs({ options: { home: { type: 'string' } } });
const lake = join(values.home!, 'lake', PROJECT, 'fg_a');
const files = readdirSync(lake, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.parquet'));
files.sort();
const hosts = Number(/-(\d+)$/.exec(values.home!)![1]);
const spec = resolveBatchSpec({ project: PROJECT, version: VERSION, items: [] });
const metrics = BASELINE_METRICS.map(({ name }) => name);
const bins = binsFor(BASELINE_SIZES, files.length * hosts);
const folder = mkdtempSync(join(tmpdir(), 'ndr-bench-'));
const runs: string[] = [];
const together = Math.max(1, Math.floor(ROWS_PER_RUN / hosts));
for (let from = 0; from < files.length; from += together) {
  const batches = files.slice(from, from + together).map((path, n) => ({
    sliceEnd: (from + n) * 900_000,
    files: [{ path, bytes: readFileSync(join(lake, path)) }],
  }));
  const target = join(folder, `run-${from}`);
  spillFeatures({ ...{ target, batches, bins, metrics, minDays: 7 }, segmentMapping: spec.segmentMapping });
  runs.push(target);
}
const none: RowGroups = {
  length: 0,
  code: new Uint32Array(0),
  band: null,
  order: new Uint32Array(0),
  offsets: new Uint32Array(1),
  ofRow: new Uint32Array(0),
};
for (let number = 0; number < bins; number++) {
  const target = join(folder, `bin-${number}`);
  prepareBin({
    ...{ target, runs, bin: number, metrics, spec: spec.baselines, supportMinDays: 3, timeZone: 'UTC' },
    ...{ byTimeBand: false, projectRates: [1], names: [], segmentMapping: spec.segmentMapping },
  });
  const { bin, placeOf } = openBin(target, false);
  const column = new Float64Array(placeOf.length);
  const open = openRuns(runs);
  const read = (_: unknown, m: number): Float64Array => {
    readColumn(open.runs, number, m, column, placeOf);
    return column;
  };
  statisticsOfBin({ ...bin, segments: none, project: none }, BASELINE_METRICS, read, () => 50);
  open.close();
}
rmSync(folder, { recursive: true });
const { user, system } = process.cpuUsage();
process.stdout.write(
  `${JSON.stringify({ cpu_seconds: (user + system) / 1e6, peak_rss_mb: process.resourceUsage().maxRSS / 1024 })}\n`,
);
