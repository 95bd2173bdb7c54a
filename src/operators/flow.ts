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
 * Flows as columns. Addresses are ids into an address list; times are ms UTC; NaN is null; a null port is -1.
 * `repeat` is the number of sessions that the record stands for (a THREAT record: 1).
 */
export interface FlowColumns {
  readonly length: number;
  readonly source: Uint32Array;
  readonly destination: Uint32Array;
  /** Empty unless a role reads it. */
  readonly sourcePort: Int32Array;
  readonly destinationPort: Int32Array;
  readonly sourceBytes: Float64Array;
  readonly destinationBytes: Float64Array;
  readonly start: Float64Array;
  readonly end: Float64Array;
  readonly repeat: Float64Array;
  readonly flags: Uint32Array;
}

/**
 * The flows of a mini-batch, in pieces of at most ROWS_PER_CHUNK. A flow's row number is its piece's place times
 * ROWS_PER_CHUNK plus its place there; pieces need not be full.
 */
export type FlowChunks = readonly FlowColumns[];
export const CHUNK_BITS = 15;
export const ROWS_PER_CHUNK = 1 << CHUNK_BITS;
export const ROW_MASK = ROWS_PER_CHUNK - 1;

export function countFlows(chunks: FlowChunks): number {
  return chunks.reduce((sum, { length }) => sum + length, 0);
}

/** Room for `capacity` flows in memory that worker threads can share. */
export function allocateFlows(capacity: number, hasSourcePort: boolean): FlowColumns {
  const uint32 = (): Uint32Array => new Uint32Array(new SharedArrayBuffer(capacity * 4));
  const int32 = (): Int32Array => new Int32Array(new SharedArrayBuffer(capacity * 4));
  const float64 = (): Float64Array => new Float64Array(new SharedArrayBuffer(capacity * 8));
  return {
    length: capacity,
    source: uint32(),
    destination: uint32(),
    sourcePort: hasSourcePort ? int32() : new Int32Array(0),
    destinationPort: int32(),
    sourceBytes: float64(),
    destinationBytes: float64(),
    start: float64(),
    end: float64(),
    repeat: float64(),
    flags: uint32(),
  };
}
