import type { RepeatedPair } from './host-contacts.ts';

/** What is gathered of one host's pairs, by place. Columns stand apart from functions: loops over rows read them. */
export interface RepeatedPairs {
  length: number;
  /** Renewed as pairs are added. */
  columns: RepeatedColumns;
  /** Of the pairs with enough starts, side by side. */
  starts: Float64Array;
  bytes: Float64Array;
}

export type RepeatedColumns = ReturnType<typeof columnsFor>;

const columnsFor = (size: number) => ({
  /** A row of the pair. */
  firstRow: new Uint32Array(size),
  sessions: new Float64Array(size),
  /** How many there are. */
  startCount: new Uint32Array(size),
  rowCount: new Uint32Array(size),
  /** 1: it has enough starts to be gathered. */
  isGathered: new Uint8Array(size),
  /** Where its gathered starts and rows begin, and end so far. */
  startsAt: new Uint32Array(size),
  startsEnd: new Uint32Array(size),
  bytesAt: new Uint32Array(size),
  bytesEnd: new Uint32Array(size),
  isAnswered: new Uint8Array(size),
});

export const createRepeatedPairs = (): RepeatedPairs => ({
  length: 0,
  columns: columnsFor(256),
  starts: new Float64Array(4096),
  bytes: new Float64Array(1024),
});

/** Takes a new pair, and gives its place. */
export function openPair(pairs: RepeatedPairs, row: number): number {
  if (pairs.length === pairs.columns.firstRow.length) {
    const wider = columnsFor(pairs.length * 2);
    for (const name of Object.keys(wider) as (keyof RepeatedColumns)[]) wider[name].set(pairs.columns[name]);
    pairs.columns = wider;
  }
  const { firstRow, sessions, startCount, rowCount } = pairs.columns;
  firstRow[pairs.length] = row;
  sessions[pairs.length] = startCount[pairs.length] = rowCount[pairs.length] = 0;
  return pairs.length++;
}

/** Makes room for what is gathered of the pairs with `fewest` starts or more; false if there are none. */
export function layOut(pairs: RepeatedPairs, fewest: number): boolean {
  const { startCount, rowCount, isGathered, startsAt, startsEnd, bytesAt, bytesEnd, isAnswered } = pairs.columns;
  let starts = 0;
  let rows = 0;
  for (let place = 0; place < pairs.length; place++) {
    startsAt[place] = startsEnd[place] = starts;
    bytesAt[place] = bytesEnd[place] = rows;
    isAnswered[place] = 0;
    isGathered[place] = startCount[place]! >= fewest ? 1 : 0;
    if (isGathered[place] === 0) continue;
    starts += startCount[place]!;
    rows += rowCount[place]!;
  }
  if (starts > pairs.starts.length) pairs.starts = new Float64Array(starts * 2);
  if (rows > pairs.bytes.length) pairs.bytes = new Float64Array(rows * 2);
  return starts > 0;
}

/** What was gathered of a pair. */
export function gatheredOf(
  { columns, starts, bytes }: RepeatedPairs,
  place: number,
): Pick<RepeatedPair, 'starts' | 'bytes' | 'isUnanswered'> {
  const { startsAt, startsEnd, bytesAt, bytesEnd, isAnswered } = columns;
  return {
    starts: starts.subarray(startsAt[place], startsEnd[place]),
    bytes: bytes.subarray(bytesAt[place], bytesEnd[place]),
    isUnanswered: isAnswered[place] === 0,
  };
}
