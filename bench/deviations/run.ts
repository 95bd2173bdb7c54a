// CPU of FG-C, published, beside zstd level 1 over the same buffers: node bench/deviations/run.ts --hosts 20000 --repeat 3
import { parseArgs } from 'node:util';
import { constants, zstdCompressSync } from 'node:zlib';
import { HORIZONS } from '../../src/operators/baseline-metrics.ts';
import { DEFAULT_DEVIATION_OPTIONS } from '../../src/operators/deviation-metrics.ts';
import { deviationsOf, type FgCRows } from '../../src/operators/deviations.ts';
import type { HostOrder } from '../../src/operators/fg-a.ts';
import { fgCPart, fgCSchema, fgCTable } from '../../src/operators/fg-c.ts';
import { isList, isText, isUtf8, type Table } from '../../src/operators/table.ts';
import { decodeBlock, encodeBlock } from '../../src/state/block-codec.ts';
import { encodeParquet } from '../../src/state/parquet.ts';
import { partRanges } from '../../src/state/publish.ts';
import { generateWorld } from './generate.ts';

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: '20000' },
    shards: { type: 'string', default: '16' },
    repeat: { type: 'string', default: '3' },
  },
});
const OPTIONS = DEFAULT_DEVIATION_OPTIONS;
const SLICE_END = Date.UTC(2026, 2, 16, 9, 8);
const LINEAGE = { miniBatchId: 'bench', sliceStart: SLICE_END - 900_000, sliceEnd: SLICE_END };

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
const spent: Record<string, number> = {};
function timed<T>(what: string, work: () => T): T {
  const before = cpuSeconds();
  const done = work();
  spent[what] = (spent[what] ?? 0) + cpuSeconds() - before;
  return done;
}

const { shards, baselines } = generateWorld(Number(values.hosts), Number(values.shards), HORIZONS.length, OPTIONS);
const schema = fgCSchema(OPTIONS);
const order = orderOf(shards.map(({ hosts }) => hosts));
const packBytes =
  baselines[0]!.reduce((sum, { hosts }) => sum + hosts.values.byteLength, 0) /
  baselines[0]!.reduce((sum, { hosts }) => sum + hosts.keys.length, 0);

function orderOf(hostsOf: readonly (readonly string[])[]): HostOrder {
  const places = hostsOf.flatMap((hosts, shard) => hosts.map((hostIp, row) => ({ hostIp, shard, row })));
  places.sort((a, b) => (a.hostIp < b.hostIp ? -1 : 1));
  return {
    shard: Uint16Array.from(places, ({ shard }) => shard),
    row: Uint32Array.from(places, ({ row }) => row),
    hostIps: places.map(({ hostIp }) => hostIp),
  };
}

/** zstd level 1 of every column's memory. */
function compressBuffers({ columns }: Table): number {
  let bytes = 0;
  for (const vector of Object.values(columns)) {
    const array = isText(vector) || isUtf8(vector) ? vector.codes : isList(vector) ? vector.values : vector;
    bytes += array.byteLength;
    zstdCompressSync(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), {
      params: { [constants.ZSTD_c_compressionLevel]: 1 },
      chunkSize: array.byteLength + (array.byteLength >>> 8) + 64,
    });
  }
  return bytes;
}

/** The packs as a step finds them: of hosts by shard, of segments once. */
const sealed = baselines.map((ofShards) => [
  ...ofShards.flatMap(({ hosts, pairs }) => [
    ['host_baselines', encodeBlock('host_baselines', hosts)] as const,
    ['pair_rarities', encodeBlock('pair_rarities', pairs!.byHost)] as const,
  ]),
  ['segment_baselines', encodeBlock('segment_baselines', ofShards[0]!.segments)] as const,
  ['pair_rarities', encodeBlock('pair_rarities', ofShards[0]!.pairs!.bySegment)] as const,
]);

function open(horizon: number): void {
  for (const [kind, bytes] of sealed[horizon]!) {
    if (decodeBlock(kind, bytes) === undefined) throw new Error(`a pack of ${kind} cannot be opened`);
  }
}

function round(): { readonly raw: number; readonly encoded: number } {
  let raw = 0;
  let encoded = 0;
  HORIZONS.forEach((horizon, h) => {
    timed('open', () => open(h));
    const rows: FgCRows[] = timed('deviations', () =>
      shards.map((shard, s) => deviationsOf(shard, baselines[h]![s]!, OPTIONS)),
    );
    for (const [start, end] of partRanges(order.row.length)) {
      const span = { horizon, start: 0, end: SLICE_END };
      const table = timed('table', () =>
        fgCTable(fgCPart(schema, rows, order, LINEAGE, span, 'working_hours', OPTIONS, { start, end })),
      );
      encoded += timed('encode', () => encodeParquet(table)).byteLength;
      // Gathered before, so that the measure is of compressing alone.
      const gathered = { ...table, columns: { ...table.columns } };
      raw += timed('zstd', () => compressBuffers(gathered));
    }
  });
  return { raw, encoded };
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);
say(`${order.row.length} hosts, ${HORIZONS.length} horizons; ${Math.round(packBytes)} bytes of pack a host`);
say(
  '| round | opening packs | deviations | table | encode | all but opening | zstd 1 over the raw buffers | times | with opening | MB raw | MB encoded |',
);
say('|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|');
for (let n = 0; n < Number(values.repeat); n++) {
  for (const what of Object.keys(spent)) delete spent[what];
  const { raw, encoded } = round();
  const { open = 0, deviations = 0, table = 0, encode = 0, zstd = 0 } = spent;
  const all = deviations + table + encode;
  const seconds = [open, deviations, table, encode, all, zstd].map((value) => `${value.toFixed(2)} s`);
  say(
    `| ${[n + 1, ...seconds, (all / zstd).toFixed(2), ((all + open) / zstd).toFixed(2), ...[raw, encoded].map((b) => Math.round(b / 1e6))].join(' | ')} |`,
  );
}
say(`peak ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`);
