// A week of FG-A of so many hosts: that of a simulated office, each of its hosts many times over, its counts shifted a little.
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatIpv4 } from '../../src/operators/address.ts';
import { BASELINE_METRICS } from '../../src/operators/baseline-metrics.ts';
import { FG_A_SCHEMA } from '../../src/operators/fg-a.ts';
import { isText, type Table, type Vector } from '../../src/operators/table.ts';
import { openBatchIndex } from '../../src/state/batch-index.ts';
import { commitBatch } from '../../src/state/commit.ts';
import { openDirectoryItems } from '../../src/state/items/directory.ts';
import { openDirectoryLake } from '../../src/state/lake/directory.ts';
import { readManifest } from '../../src/state/manifest.ts';
import { decodeParquet, encodeParquet } from '../../src/state/parquet.ts';
import { partRanges } from '../../src/state/publish.ts';
import { runChild } from '../windows/child.ts';

const SHAPE = 1;
export const PROJECT = 'default';
export const VERSION = 'v1';
/** The history that the office is simulated for: two days of gap behind seven days, and the start of the first. */
export const REF = '2026-03-12T00:00:00Z';
export const PERIOD = { start: Date.parse('2026-03-03T00:00:00Z'), end: Date.parse('2026-03-10T00:00:00Z') };
const OFFICE_HOSTS = 20;
const FIRST_HOST = 10 * 2 ** 24;

const openPlace = async (folder: string) => ({
  lake: await openDirectoryLake(join(folder, 'lake')),
  index: openBatchIndex(await openDirectoryItems(join(folder, 'state', 'items'))),
});

/** Home of the office as simulated: some minutes, once. */
async function preparedOffice(root: string, say: (line: string) => void): Promise<string> {
  const folder = join(root, `baselines-${SHAPE}-office`);
  if (existsSync(folder)) return folder;
  const partial = `${folder}.partial`;
  say('simulating a week and a bit of an office');
  const flags = ['--home', partial, '--hosts', String(OFFICE_HOSTS), '--days', '9', '--threads', '2'];
  await runChild('../../src/main.ts', ['simulate', '--to', 'fg_a', ...flags]);
  await rename(partial, folder);
  return folder;
}

/** Home with the same week of `hosts` hosts. Written once and reused. */
export async function preparedHistory(root: string, hosts: number, say: (line: string) => void): Promise<string> {
  const folder = join(root, `baselines-${SHAPE}-${hosts}`);
  if (existsSync(folder)) return folder;
  const office = await openPlace(await preparedOffice(root, say));
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(join(partial, 'specs'), { recursive: true });
  await writeFile(join(partial, 'specs', 'fg_b_builder.json'), JSON.stringify({ spec: { horizons: ['7d'] } }));
  const own = await openPlace(partial);
  const batches = await office.index.committedBetween(PROJECT, VERSION, PERIOD.start - 1, PERIOD.end - 1);
  for (const [n, { miniBatchId, manifest }] of batches.entries()) {
    const known = await readManifest(office.lake, manifest);
    const tables: Table[] = [];
    for (const { path } of known.datasets['fg_a']!.files)
      tables.push(decodeParquet(await office.lake.read(path), FG_A_SCHEMA, { source: path }));
    const table = manyTimes(tables[0]!, hosts, n);
    const slice = (await office.index.settledSlice(PROJECT, miniBatchId))!;
    await own.index.settle(PROJECT, slice);
    await commitBatch({
      ...own,
      project: PROJECT,
      version: VERSION,
      slice,
      since: { revision: 0, attemptToken: '' },
      attemptToken: 'bench',
      nowMs: slice.sliceEnd,
      outputs: [
        {
          dataset: 'fg_a',
          folder: known.datasets['fg_a']!.folders[0]!,
          parts: partRanges(table.length).map(([start, end]) => ({
            rows: end - start,
            bytes: encodeParquet(table, { start, end }),
          })),
        },
      ],
      evidence: known,
    });
    if (n % 96 === 95) say(`${hosts} hosts: ${n + 1} of ${batches.length} slices`);
  }
  await rename(partial, folder);
  return folder;
}

/** Rows of a table repeated for `hosts` hosts; whole numbers other than 0 shifted by up to 3 according to host, slice and column. */
function manyTimes(table: Table, hosts: number, slice: number): Table {
  const metrics = new Set(BASELINE_METRICS.map(({ name }) => name));
  const sourceOf = (row: number): number => row % table.length;
  const columns = Object.entries(table.columns).map(([name, vector], column): [string, Vector] => {
    if (name === 'host_ip' || name === 'record_id') {
      const values = Array.from({ length: hosts }, (_, row) => `${formatIpv4(FIRST_HOST + row + 1)}`).sort();
      return [name, { codes: Int32Array.from(values, (_, i) => i), values }];
    }
    if (isText(vector)) {
      return [
        name,
        { codes: Int32Array.from({ length: hosts }, (_, row) => vector.codes[sourceOf(row)]!), values: vector.values },
      ];
    }
    const numbers = vector as Float64Array | Int32Array;
    const own = Float64Array.from({ length: hosts }, (_, row) => {
      const value = numbers[sourceOf(row)]!;
      if (value === 0 || !metrics.has(name) || !Number.isInteger(value)) return value;
      return value + ((Math.imul(row + 1, 0x9e3779b1) ^ Math.imul(slice * 512 + column, 0x85ebca77)) >>> 30);
    });
    return [name, FG_A_SCHEMA[name]!.type === 'int32' ? Int32Array.from(own) : own];
  });
  return { schema: FG_A_SCHEMA, length: hosts, columns: Object.fromEntries(columns) };
}
