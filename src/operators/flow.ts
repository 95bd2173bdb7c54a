/** What the fields of a flow say, as bits; one flow holds the bits of everything that is true of it. */
export const FLAGS = {
  traffic: { bit: 0, when: 'event_name is TRAFFIC or absent' },
  threat: { bit: 1, when: 'event_name is THREAT' },
  allow: { bit: 2, when: 'action is allow and reason is not in deny_reasons' },
  deny: { bit: 3, when: 'action is in deny_actions or reason is in deny_reasons' },
  alert: { bit: 4, when: 'action is alert' },
  rst: { bit: 5, when: 'reason starts with tcp-rst' },
  aged_out: { bit: 6, when: 'reason is aged-out' },
  zero_reply: { bit: 7, when: 'destination_bytes = 0' },
  short_session: { bit: 8, when: 'duration <= 1 s' },
  tcp: { bit: 9, when: 'transport is tcp' },
  udp: { bit: 10, when: 'transport is udp' },
  icmp: { bit: 11, when: 'transport is icmp, icmp6 or ipv6-icmp' },
} as const;
export type Flag = keyof typeof FLAGS;

/** Port sets take the bits from here on, in the order in which the specification lists them. */
export const FIRST_PORT_SET_BIT = 12;
export const MAX_PORT_SETS = 32 - FIRST_PORT_SET_BIT;

export const maskOf = (flag: Flag): number => 1 << FLAGS[flag].bit;

/**
 * Flows as records side by side. A host's flows lie all over memory: in a record each costs one place of it, in columns it
 * would cost nine. Addresses are ids into an address list; times are ms UTC; NaN is null; a null port is -1. `repeat` is the
 * number of sessions that the record stands for (a THREAT record: 1).
 */
export interface FlowRecords {
  readonly length: number;
  /** The fields of FLOW_NUMBERS: that of record r is numbers[r * NUMBERS_PER_FLOW + its place]. */
  readonly numbers: Float64Array;
  /** The fields of FLOW_WORDS in the same memory: that of record r is words[r * WORDS_PER_FLOW + its place]. */
  readonly words: Int32Array;
  /** Empty unless a role reads it. */
  readonly sourcePort: Int32Array;
}
export const FLOW_NUMBERS = { sourceBytes: 0, destinationBytes: 1, start: 2, end: 3, repeat: 4 } as const;
export const FLOW_WORDS = { source: 10, destination: 11, destinationPort: 12, flags: 13 } as const;
export const NUMBERS_PER_FLOW = 7;
export const WORDS_PER_FLOW = 14;

export const flowNumber = ({ numbers }: FlowRecords, row: number, field: keyof typeof FLOW_NUMBERS): number =>
  numbers[row * NUMBERS_PER_FLOW + FLOW_NUMBERS[field]]!;

/**
 * The flows of a mini-batch, in pieces of at most ROWS_PER_CHUNK. A flow's row number is its piece's place times
 * ROWS_PER_CHUNK plus its place there; pieces need not be full.
 */
export type FlowChunks = readonly FlowRecords[];
export const CHUNK_BITS = 15;
export const ROWS_PER_CHUNK = 1 << CHUNK_BITS;
export const ROW_MASK = ROWS_PER_CHUNK - 1;

export function countFlows(chunks: FlowChunks): number {
  return chunks.reduce((sum, { length }) => sum + length, 0);
}

/** Room for `capacity` flows in memory that worker threads can share. */
export function allocateFlows(capacity: number, hasSourcePort: boolean): FlowRecords {
  const records = new SharedArrayBuffer(capacity * WORDS_PER_FLOW * 4);
  return {
    length: capacity,
    numbers: new Float64Array(records),
    words: new Int32Array(records),
    sourcePort: new Int32Array(new SharedArrayBuffer(hasSourcePort ? capacity * 4 : 0)),
  };
}

/** The first flows of a piece, without copying. */
export function prefixOf({ numbers, words, sourcePort }: FlowRecords, length: number): FlowRecords {
  return {
    length,
    numbers: numbers.subarray(0, length * NUMBERS_PER_FLOW),
    words: words.subarray(0, length * WORDS_PER_FLOW),
    sourcePort: sourcePort.subarray(0, length),
  };
}
