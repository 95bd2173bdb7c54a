// The same slices as Parquet, for the peer: two files a slice, addresses as numbers, which spares it their texts.
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keyOf } from '../../src/consumers/emit.ts';
import { mergedMetrics } from '../../src/operators/delta-metrics.ts';
import { DIRECTIONS, SLICE_MS } from '../../src/operators/metrics.ts';
import type { Schema, Table } from '../../src/operators/table.ts';
import type { SliceBlock } from '../../src/operators/windows.ts';
import { decodeBlock } from '../../src/state/block-codec.ts';
import { encodeParquet } from '../../src/state/parquet.ts';
import { SPEC } from './spec.ts';
import { CURRENT_SLICE, currentKey, openPrepared } from './state.ts';
import { SHARDS } from './world.ts';

export const METRICS = mergedMetrics([]).map(({ name }) => name);
const PAIR_NUMBERS = ['sessions', 'denied', 'zeroReply', 'bytesSent', 'bytesReceived'] as const;

/** Writes them once, beside the state. */
export async function preparedParquet(state: string): Promise<string> {
  const folder = join(state, 'parquet');
  if (existsSync(folder)) return folder;
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  const { stores, earlier } = await openPrepared(state);
  for (let age = 0; age <= earlier.length; age++) {
    const batch = earlier.find(({ sliceEnd }) => sliceEnd === CURRENT_SLICE.sliceEnd - age * SLICE_MS);
    const blocks: SliceBlock[] = [];
    for (let shard = 0; shard < SHARDS; shard++) {
      const key = batch === undefined ? currentKey(shard) : keyOf({ shards: SHARDS }, SPEC, shard, batch);
      blocks.push(decodeBlock('slice', (await stores.windows.get(key))!)!);
    }
    await writeFile(join(partial, `delta-${age}.parquet`), encodeParquet(deltaOf(blocks, age)));
    await writeFile(join(partial, `pairs-${age}.parquet`), encodeParquet(pairsOf(blocks, age)));
  }
  await rename(partial, folder);
  return folder;
}

const tableOf = (columns: Readonly<Record<string, Float64Array>>): Table => ({
  schema: Object.fromEntries(Object.keys(columns).map((name) => [name, { type: 'int64', doc: '' }])) satisfies Schema,
  length: Object.values(columns)[0]!.length,
  columns,
});

function deltaOf(blocks: readonly SliceBlock[], age: number): Table {
  const names = ['host', 'role', 'age', ...METRICS];
  return tableFrom(names, function* rows() {
    for (const { addresses, roles } of blocks) {
      for (const role of DIRECTIONS) {
        const { hosts, totals, width } = roles[role];
        for (let row = 0; row < hosts.length; row++) {
          const own = totals.subarray(row * width, (row + 1) * width);
          yield [addresses.ipv4[hosts[row]!]!, DIRECTIONS.indexOf(role), age, ...own];
        }
      }
    }
  });
}

function pairsOf(blocks: readonly SliceBlock[], age: number): Table {
  const names = ['host', 'role', 'age', 'peer', 'port', ...PAIR_NUMBERS];
  return tableFrom(names, function* rows() {
    for (const { addresses, roles } of blocks) {
      for (const role of DIRECTIONS) {
        const { hosts, pairs } = roles[role];
        for (let row = 0; row < hosts.length; row++) {
          for (let p = pairs.offsets[row]!; p < pairs.offsets[row + 1]!; p++) {
            const ends = [addresses.ipv4[hosts[row]!]!, DIRECTIONS.indexOf(role), age, addresses.ipv4[pairs.peer[p]!]!];
            yield [...ends, pairs.port[p]!, ...PAIR_NUMBERS.map((name) => pairs[name][p]!)];
          }
        }
      }
    }
  });
}

function tableFrom(names: readonly string[], rows: () => Iterable<readonly number[]>): Table {
  const columns = names.map((): number[] => []);
  for (const row of rows()) for (const [c, value] of row.entries()) columns[c]!.push(value);
  return tableOf(Object.fromEntries(names.map((name, c) => [name, Float64Array.from(columns[c]!)])));
}
