import { fnv1a, parseAddress } from '../operators/address.ts';
import { FG_A_SCHEMA } from '../operators/fg-a.ts';
import { SEG_UNKNOWN, type SegmentMapping, segmentsBy } from '../operators/segments.ts';
import { isText, type NumberVector, type Table, type TextVector } from '../operators/table.ts';
import { decodeParquet } from '../state/parquet.ts';
import { isWritten } from './scratch-arrays.ts';
import { openRun, writeRun } from './scratch-runs.ts';

/** FG-A files of one mini-batch. */
export interface FeatureBatch {
  readonly sliceEnd: number;
  readonly files: readonly { readonly path: string; readonly bytes: Uint8Array }[];
}

export interface FeatureSpillInput {
  /** File to write. */
  readonly target: string;
  /** Of whole slices, by slice; of one slice, the mini-batch whose rows win first. */
  readonly batches: readonly FeatureBatch[];
  readonly bins: number;
  /** Columns to keep. */
  readonly metrics: readonly string[];
  /** Younger rows have no value of the metrics that look back. */
  readonly minDays: number;
  readonly segmentMapping: SegmentMapping;
}

export interface FeatureSpill {
  readonly rowsUsed: number;
  readonly workingRows: number;
  /** Rows of degraded slices. */
  readonly leftOut: number;
}

/** Columns of a run behind the metrics. */
export const RUN_COLUMNS = { host: 0, slice: 1, flags: 2 } as const;
const RUN_COLUMN_COUNT = 3;
/** Bits of `flags`. */
export const IS_WORKING = 1;
export const IS_YOUNG = 2;

/** What a run tells: the instants that `slice` has places of. */
export interface FeatureRun {
  readonly sliceEnds: readonly number[];
  readonly spill: FeatureSpill;
}

const OTHERS = ['host_ip', 'time_band', 'lookback_days', 'host_age_days', 'is_degraded'];

/** The segment of an address given as text. */
export function segmentOfText(mapping: SegmentMapping): (hostIp: string) => string {
  const segmentOf = segmentsBy(mapping);
  return (hostIp) => {
    const address = parseAddress(hostIp);
    return address === undefined ? SEG_UNKNOWN : segmentOf(address).id;
  };
}

export const binOfSegment = (segmentId: string, bins: number): number => fnv1a(segmentId) % bins;

/** Where rows of a file go: their place in the run, -1 for those that do not count. */
interface FilePlaces {
  readonly table: Table;
  readonly places: Int32Array;
}

/** Reads FG-A files and deals their valid rows out to bins of whole segments. What is there already is not made again. */
export function spillFeatures(input: FeatureSpillInput): FeatureSpill {
  if (isWritten(input.target)) {
    const run = openRun<FeatureRun>(input.target);
    run.close();
    return run.told.spill;
  }
  const { bins, metrics, minDays } = input;
  const segmentOf = segmentOfText(input.segmentMapping);
  const binOfHost = new Map<string, number>();
  const hostsOfBin = Array.from({ length: bins }, () => new Map<string, number>());
  const wanted = [...OTHERS, ...metrics];
  const tables: Table[] = [];
  /** By row that counts, in the order of reading. */
  const [bin, host, slice, flags]: [number[], number[], number[], number[]] = [[], [], [], []];
  const counted: Uint32Array[] = [];
  const sliceEnds: number[] = [];
  let [workingRows, leftOut, seenIn] = [0, 0, Number.NaN];
  const seen = new Set<string>();
  for (const { sliceEnd, files } of input.batches) {
    if (sliceEnd !== seenIn) {
      seen.clear();
      seenIn = sliceEnd;
      sliceEnds.push(sliceEnd);
    }
    const ofBatch: string[] = [];
    for (const { path, bytes } of files) {
      const table = decodeParquet(bytes, FG_A_SCHEMA, { source: path, columns: wanted });
      const hostIps = textColumnOf(table, 'host_ip');
      const bands = textColumnOf(table, 'time_band');
      const [lookback, age, degraded] = ['lookback_days', 'host_age_days', 'is_degraded'].map(
        (name) => table.columns[name] as NumberVector,
      );
      const rows: number[] = [];
      for (let row = 0; row < table.length; row++) {
        const hostIp = hostIps.values[hostIps.codes[row]!]!;
        ofBatch.push(hostIp);
        if (seen.has(hostIp)) continue;
        if (degraded![row] === 1) {
          leftOut++;
          continue;
        }
        let own = binOfHost.get(hostIp);
        if (own === undefined) {
          own = binOfSegment(segmentOf(hostIp), bins);
          binOfHost.set(hostIp, own);
        }
        const hosts = hostsOfBin[own]!;
        let code = hosts.get(hostIp);
        if (code === undefined) {
          code = hosts.size;
          hosts.set(hostIp, code);
        }
        const isWorking = bands.values[bands.codes[row]!] === 'working_hours';
        const isYoung = lookback![row]! < minDays || age![row]! < minDays;
        if (isWorking) workingRows++;
        rows.push(row);
        bin.push(own);
        host.push(code);
        slice.push(sliceEnds.length - 1);
        flags.push((isWorking ? IS_WORKING : 0) | (isYoung ? IS_YOUNG : 0));
      }
      tables.push(table);
      counted.push(Uint32Array.from(rows));
    }
    // Rows of a mini-batch never stand in for each other.
    for (const hostIp of ofBatch) seen.add(hostIp);
  }
  const { rowsOfBin, placeOf } = dealOut(bin, bins);
  const files = placesOfFiles(tables, counted, placeOf);
  const own = [host, slice, flags];
  const column = new Float64Array(bin.length);
  const spill: FeatureSpill = { rowsUsed: bin.length, workingRows, leftOut };
  writeRun<FeatureRun>(input.target, {
    told: { sliceEnds, spill },
    rows: rowsOfBin,
    texts: hostsOfBin.map((hosts) => [[...hosts.keys()]]),
    columns: metrics.length + RUN_COLUMN_COUNT,
    columnOf: (c) => {
      if (c < metrics.length) gather(files, metrics[c]!, column);
      else
        own[c - metrics.length]!.forEach((value, i) => {
          column[placeOf[i]!] = value;
        });
      return column;
    },
  });
  return spill;
}

/** Places of rows when sorted by bin, otherwise in their order. */
export function dealOut(
  bin: readonly number[],
  bins: number,
): { readonly rowsOfBin: Uint32Array; readonly placeOf: Uint32Array } {
  const rowsOfBin = new Uint32Array(bins);
  for (const b of bin) rowsOfBin[b]!++;
  const next = new Uint32Array(bins);
  for (let b = 1; b < bins; b++) next[b] = next[b - 1]! + rowsOfBin[b - 1]!;
  return { rowsOfBin, placeOf: Uint32Array.from(bin, (b) => next[b]!++) };
}

function placesOfFiles(tables: readonly Table[], counted: readonly Uint32Array[], placeOf: Uint32Array): FilePlaces[] {
  let n = 0;
  return tables.map((table, t) => {
    const places = new Int32Array(table.length).fill(-1);
    for (const row of counted[t]!) places[row] = placeOf[n++]!;
    return { table, places };
  });
}

function gather(files: readonly FilePlaces[], name: string, column: Float64Array): void {
  for (const { table, places } of files) {
    const values = table.columns[name] as Float64Array;
    for (let row = 0; row < places.length; row++) {
      const place = places[row]!;
      if (place >= 0) column[place] = values[row]!;
    }
  }
}

export function textColumnOf(table: Table, name: string): TextVector {
  const vector = table.columns[name]!;
  if (!isText(vector)) throw new Error(`${name} is not a column of text`);
  return vector;
}
