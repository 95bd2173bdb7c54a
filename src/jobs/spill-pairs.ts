import { parseAddress } from '../operators/address.ts';
import { PAIR_COUNTS_SCHEMA } from '../operators/datasets.ts';
import { contains, isSpecial, networkOf } from '../operators/networks.ts';
import { isBroadcast, type SegmentMapping, segmentsBy } from '../operators/segments.ts';
import type { NumberVector } from '../operators/table.ts';
import { decodeParquet } from '../state/parquet.ts';
import { isWritten } from './scratch-arrays.ts';
import { openRun, writeRun } from './scratch-runs.ts';
import { dealOut, type FeatureBatch, textColumnOf } from './spill-features.ts';

export interface PairSpillInput {
  /** Files to write: by host, and by segment. */
  readonly hostTarget: string;
  readonly segmentTarget: string;
  readonly batches: readonly FeatureBatch[];
  /** Bins are ranges of owners: bin b has those from bound b - 1 on and before bound b. */
  readonly hostBounds: readonly string[];
  readonly segmentBounds: readonly string[];
  readonly hostNetworks: readonly string[];
  readonly segmentMapping: SegmentMapping;
}

export interface PairSpill {
  readonly rows: number;
}

/** Columns of a run; texts of a bin: owners, destinations. */
export const PAIR_COLUMNS = { owner: 0, destination: 1, port: 2, sessions: 3, slice: 4 } as const;
const COLUMN_COUNT = 5;

export interface PairRun extends PairSpill {
  readonly sliceEnds: readonly number[];
}

/** Which addresses are hosts, and their segments; undefined for an address that is none. */
function hostSegments(networks: readonly string[], mapping: SegmentMapping): (ip: string) => string | undefined {
  const own = networks.map(networkOf);
  const segmentOf = segmentsBy(mapping);
  const known = new Map<string, string | undefined>();
  const judge = (ip: string): string | undefined => {
    const address = parseAddress(ip);
    if (address === undefined || isSpecial(address) || !own.some((network) => contains(network, address)))
      return undefined;
    const segment = segmentOf(address);
    return isBroadcast(address, segment) ? undefined : segment.id;
  };
  return (ip) => {
    if (!known.has(ip)) known.set(ip, judge(ip));
    return known.get(ip);
  };
}

/** Number of bounds that are not above a text. */
function binOf(bounds: readonly string[], text: string): number {
  let [low, high] = [0, bounds.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bounds[middle]! <= text) low = middle + 1;
    else high = middle;
  }
  return low;
}

interface PairLists {
  readonly source: string[];
  readonly destination: string[];
  readonly port: number[];
  readonly sessions: number[];
  readonly slice: number[];
}

/** Reads pair counts and deals those of hosts out by host and by segment. What is there already is not made again. */
export function spillPairs(input: PairSpillInput): PairSpill {
  if (isWritten(input.hostTarget) && isWritten(input.segmentTarget)) {
    const run = openRun<PairRun>(input.hostTarget);
    run.close();
    return { rows: run.told.rows };
  }
  const segmentOf = hostSegments(input.hostNetworks, input.segmentMapping);
  const pairs: PairLists = { source: [], destination: [], port: [], sessions: [], slice: [] };
  const sliceEnds: number[] = [];
  for (const { sliceEnd, files } of input.batches) {
    if (sliceEnds.at(-1) !== sliceEnd) sliceEnds.push(sliceEnd);
    for (const { path, bytes } of files) readPairs(path, bytes, sliceEnds.length - 1, segmentOf, pairs);
  }
  const write = (target: string, bounds: readonly string[], owners: readonly string[]): void => {
    const binOfOwner = new Map<string, number>();
    const bin = owners.map((owner) => {
      const known = binOfOwner.get(owner) ?? binOf(bounds, owner);
      binOfOwner.set(owner, known);
      return known;
    });
    const { rowsOfBin, placeOf } = dealOut(bin, bounds.length + 1);
    const owner = numbered(owners, bin, bounds.length + 1);
    const destination = numbered(pairs.destination, bin, bounds.length + 1);
    const columns = [owner.codes, destination.codes, pairs.port, pairs.sessions, pairs.slice];
    const column = new Float64Array(owners.length);
    writeRun<PairRun>(target, {
      told: { sliceEnds, rows: owners.length },
      rows: rowsOfBin,
      texts: owner.texts.map((texts, b) => [texts, destination.texts[b]!]),
      columns: COLUMN_COUNT,
      columnOf(c) {
        columns[c]!.forEach((value, i) => {
          column[placeOf[i]!] = value;
        });
        return column;
      },
    });
  };
  write(
    input.segmentTarget,
    input.segmentBounds,
    pairs.source.map((ip) => segmentOf(ip)!),
  );
  write(input.hostTarget, input.hostBounds, pairs.source);
  return { rows: pairs.source.length };
}

function readPairs(
  path: string,
  bytes: Uint8Array,
  slice: number,
  segmentOf: (ip: string) => string | undefined,
  pairs: PairLists,
): void {
  const columns = ['src_ip', 'dst_ip', 'dst_port', 'sessions_cnt'];
  const table = decodeParquet(bytes, PAIR_COUNTS_SCHEMA, { source: path, columns });
  const sources = textColumnOf(table, 'src_ip');
  const destinations = textColumnOf(table, 'dst_ip');
  const ports = table.columns['dst_port'] as NumberVector;
  const sessions = table.columns['sessions_cnt'] as NumberVector;
  for (let row = 0; row < table.length; row++) {
    const source = sources.values[sources.codes[row]!]!;
    if (segmentOf(source) === undefined) continue;
    pairs.source.push(source);
    pairs.destination.push(destinations.values[destinations.codes[row]!]!);
    pairs.port.push(ports[row]!);
    pairs.sessions.push(sessions[row]!);
    pairs.slice.push(slice);
  }
}

/** Texts as places in lists of their own for each bin. */
function numbered(texts: readonly string[], bin: readonly number[], bins: number) {
  const places = Array.from({ length: bins }, () => new Map<string, number>());
  const codes = texts.map((text, i) => {
    const own = places[bin[i]!]!;
    const place = own.get(text) ?? own.size;
    own.set(text, place);
    return place;
  });
  return { codes, texts: places.map((own) => [...own.keys()]) };
}
