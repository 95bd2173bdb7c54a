/**
 * The records that a forwarder delivers together, side by side. They are made host by host and written in the order of their
 * ends: a record is one place of memory of 64 bytes, where columns would be a dozen. Addresses as in simulated-address.ts;
 * times are ms UTC.
 */
export interface RecordBatch {
  length: number;
  /** The fields of NUMBERS: that of record r is numbers[r * 8 + its place]. */
  numbers: Float64Array;
  /** The fields of WORDS in the same memory: that of record r is words[r * 16 + its place]. */
  words: Uint32Array;
  /** The fields of HALVES in the same memory: that of record r is halves[r * 32 + its place]. */
  halves: Uint16Array;
  /** Number of the next session. */
  nextSession: number;
}
export const NUMBERS = { start: 0, end: 1, sent: 2, received: 3, session: 4 } as const;
export const WORDS = { source: 10, destination: 11 } as const;
/** `spoil` is 0 for a good record, else its place among the spoils, plus 1. */
export const HALVES = { sourcePort: 24, destinationPort: 25, kind: 26, repeats: 27, spoil: 28 } as const;
const RECORD_BYTES = 64;

export const numberOf = ({ numbers }: RecordBatch, row: number, field: keyof typeof NUMBERS): number =>
  numbers[row * 8 + NUMBERS[field]]!;
const wordOf = ({ words }: RecordBatch, row: number, field: keyof typeof WORDS): number =>
  words[row * 16 + WORDS[field]]!;
export const halfOf = ({ halves }: RecordBatch, row: number, field: keyof typeof HALVES): number =>
  halves[row * 32 + HALVES[field]]!;

/** One record of a batch. */
export interface BatchRecord {
  readonly kind: number;
  readonly source: number;
  readonly destination: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sent: number;
  readonly received: number;
  readonly start: number;
  readonly end: number;
  readonly session: number;
}

const FIRST_CAPACITY = 4096;

export function createRecordBatch(firstSession: number): RecordBatch {
  return { length: 0, nextSession: firstSession, ...roomFor(FIRST_CAPACITY) };
}

function roomFor(records: number): Pick<RecordBatch, 'numbers' | 'words' | 'halves'> {
  const memory = new ArrayBuffer(records * RECORD_BYTES);
  return { numbers: new Float64Array(memory), words: new Uint32Array(memory), halves: new Uint16Array(memory) };
}

/** Appends a good record and returns its place. */
export function addRecord(
  batch: RecordBatch,
  kind: number,
  source: number,
  destination: number,
  sourcePort: number,
  destinationPort: number,
  sent: number,
  received: number,
  start: number,
  end: number,
  repeats: number,
  session: number,
): number {
  const row = batch.length;
  if ((row + 1) * 8 > batch.numbers.length) widen(batch);
  batch.length = row + 1;
  const { numbers, words, halves } = batch;
  const n = row * 8;
  numbers[n + NUMBERS.start] = start;
  numbers[n + NUMBERS.end] = end;
  numbers[n + NUMBERS.sent] = sent;
  numbers[n + NUMBERS.received] = received;
  numbers[n + NUMBERS.session] = session;
  const w = row * 16;
  words[w + WORDS.source] = source;
  words[w + WORDS.destination] = destination;
  const h = row * 32;
  halves[h + HALVES.sourcePort] = sourcePort;
  halves[h + HALVES.destinationPort] = destinationPort;
  halves[h + HALVES.kind] = kind;
  halves[h + HALVES.repeats] = repeats;
  halves[h + HALVES.spoil] = 0;
  return row;
}

/** Long enough that a spoilt time without its fraction of a second does not end before it starts. */
const SPOILT_MS = 2000;

/** Appends a copy of a record, spoilt, as one that was logged at `end`. */
export function addSpoilt(batch: RecordBatch, row: number, spoil: number, end: number): void {
  const copy = addRecord(
    batch,
    halfOf(batch, row, 'kind'),
    wordOf(batch, row, 'source'),
    wordOf(batch, row, 'destination'),
    halfOf(batch, row, 'sourcePort'),
    halfOf(batch, row, 'destinationPort'),
    numberOf(batch, row, 'sent'),
    numberOf(batch, row, 'received'),
    end - SPOILT_MS,
    end,
    1,
    batch.nextSession++,
  );
  batch.halves[copy * 32 + HALVES.spoil] = spoil;
}

const MOST_RECORDS = 2 ** 24;
/** Above this, an end and a row number would no longer fit into one double. */
const WIDEST_SPAN_MS = 2 ** 29;

/** Rows in the order in which the firewall logged them; records of one millisecond in the order in which they were made. */
export function inLogOrder({ length, numbers }: RecordBatch): Uint32Array {
  let earliest = Number.POSITIVE_INFINITY;
  let latest = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < length; row++) {
    const logged = numbers[row * 8 + NUMBERS.end]!;
    if (logged < earliest) earliest = logged;
    if (logged > latest) latest = logged;
  }
  if (length > MOST_RECORDS || latest - earliest >= WIDEST_SPAN_MS)
    throw new RangeError(
      `simulation: ${length} records over ${latest - earliest} ms in one delivery; at most ${MOST_RECORDS} over ${WIDEST_SPAN_MS} ms: ` +
        'ask for fewer hosts or shorter outages',
    );
  const keys = new Float64Array(length);
  for (let row = 0; row < length; row++) keys[row] = (numbers[row * 8 + NUMBERS.end]! - earliest) * MOST_RECORDS + row;
  keys.sort();
  const order = new Uint32Array(length);
  for (let i = 0; i < length; i++) order[i] = keys[i]! % MOST_RECORDS;
  return order;
}

function widen(batch: RecordBatch): void {
  const wider = roomFor((batch.numbers.length / 8) * 2);
  wider.words.set(batch.words);
  Object.assign(batch, wider);
}
