/** Histories that do not fit one run or one bin are the rule: what comes out must not hang on how they are cut. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { publishBaselines } from '../../src/jobs/baseline-job.ts';
import { BASELINE_SIZES, type BaselineSizes } from '../../src/jobs/baseline-memory.ts';
import { periodOf } from '../../src/jobs/baseline-schedule.ts';
import { type BaselinePool, baselineThreads, inlineBaselinePool } from '../../src/jobs/baseline-stages.ts';
import { openBaselinePublications } from '../../src/state/baseline-publications.ts';
import { openBatchIndex } from '../../src/state/batch-index.ts';
import { openDirectoryItems } from '../../src/state/items/directory.ts';
import { openDirectoryLake } from '../../src/state/lake/directory.ts';
import { resolve } from '../config/spec-cases.ts';
import { openReader } from '../support/committed-lake.ts';
import { writeFeatureHistory } from '../support/feature-history.ts';

const REF = Date.parse('2026-03-12T00:00:00Z');
const START = Date.parse('2026-03-03T00:08:00Z');
const HOSTS = Array.from({ length: 24 }, (_, i) => `10.1.${i % 7}.${10 + i}`);
const CUT: BaselineSizes = { rowsPerRun: 150, rowsPerBin: 120, pairsPerBin: 100, columnsAtOnce: 1 };

let root = '';
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'ndr-sizes-'));
  const sliceEnds = Array.from({ length: 7 * 5 }, (_, n) => START + n * 4.75 * 3_600_000);
  await writeFeatureHistory(root, { sliceEnds, hosts: HOSTS, seed: 3 });
}, 120_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Publishes into a folder of its own, and says how the work was cut. */
async function publish(name: string, joinKeys: readonly string[], sizes: BaselineSizes, pool: BaselinePool) {
  const items = await openDirectoryItems(join(root, 'state', 'items'));
  const lake = await openDirectoryLake(join(root, 'lake'));
  const output = { s3_prefix: `${name}/fg_b/host` };
  const builder = { support_min: 8, max_missing_ratio: 0.99, join_keys: joinKeys, fg_b_output: output };
  const spec = resolve({ fg_b_builder: builder });
  const cuts = new Set<string>();
  const deps = {
    ...{ lake, index: openBatchIndex(items), baselines: openBaselinePublications(items, lake), pool, sizes },
    ...{ workFolder: join(root, 'work'), memoryMb: 1024, codeVersion: name, stop: new AbortController().signal },
    onProgress: (what: string) => void cuts.add(/: (.*), \d+ of (\d+)$/.exec(what)!.slice(1).join(' ')),
  };
  const outcome = await publishBaselines(deps, spec, periodOf('7d', REF, spec.baselines.headDays), 'SCHEDULED', null);
  await pool.close();
  expect(outcome).toMatchObject({ is: 'published', hosts: HOSTS.length });
  return cuts;
}

/** Cells of a table that differ between two publications: more than in the last digits, where statistics are summed over bins. */
async function differences(table: string, one: string, other: string): Promise<unknown[]> {
  const reader = await openReader();
  const rowsOf = async (name: string) => {
    const files = join(root, 'lake', name, 'fg_b', table, '**', '*.parquet');
    const sql = `SELECT * FROM read_parquet('${files}', hive_partitioning = false) ORDER BY ALL`;
    return (await reader.runAndReadAll(sql)).getRowObjectsJS();
  };
  const [a, b] = [await rowsOf(one), await rowsOf(other)];
  reader.closeSync();
  expect(a.length).toBeGreaterThan(0);
  expect(b.length).toBe(a.length);
  const isClose = (x: unknown, y: unknown): boolean =>
    typeof x === 'number' && typeof y === 'number'
      ? Math.abs(x - y) <= 1e-9 * Math.max(1, Math.abs(x))
      : String(x) === String(y);
  return a.flatMap((row, i) =>
    Object.keys(row)
      .filter((column) => !isClose(row[column], b[i]![column]))
      .map((column) => [i, column, row[column], b[i]![column]]),
  );
}

it.each([
  ['hosts', ['host_ip', 'window_label']],
  ['hosts and time bands', ['host_ip', 'window_label', 'time_band']],
])(
  'comes to the same in one piece and in many, keyed by %s',
  async (what, joinKeys) => {
    const [whole, cut] = [`whole-${joinKeys.length}`, `cut-${joinKeys.length}`];
    await publish(whole, joinKeys, BASELINE_SIZES, inlineBaselinePool());
    const worker = new URL('../../src/worker.ts', import.meta.url);
    const options = { backing: { state: join(root, 'state'), redis: null, s3: null } };
    const cuts = await publish(cut, joinKeys, CUT, baselineThreads(2, worker, options));
    const pieces = new Map(
      [...cuts].map((text) => [text.slice(0, text.lastIndexOf(' ')), Number(text.split(' ').at(-1))]),
    );
    for (const step of ['reading FG-A', 'weighing rows', 'measuring', 'reading pair counts', 'rating pair/host'])
      expect(pieces.get(step), `${what}: ${step}`).toBeGreaterThan(1);
    for (const table of ['host', 'segment', 'ip_metadata', 'pair/host', 'pair/segment'])
      expect((await differences(table, whole, cut)).slice(0, 5), table).toEqual([]);
  },
  240_000,
);
