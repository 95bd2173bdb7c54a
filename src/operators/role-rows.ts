import type { ListVector } from './table.ts';

export type RoleName = 'outbound' | 'inbound';
/** In the order of their names, which is the order of rows in every dataset that has a role. */
export const ROLES: readonly RoleName[] = ['inbound', 'outbound'];

/** Starts kept of one pair. */
export const MAX_STARTS = 64;

/** The numbers of a pair row, all Float64. */
export const PAIR_NUMBERS = [
  'sessions',
  'denied',
  'zeroReply',
  'bytesSent',
  'bytesReceived',
  'firstEvent',
  'lastEvent',
  'maxDuration',
] as const;
export type PairNumber = (typeof PAIR_NUMBERS)[number];

/** (peer, port) rows of many hosts: those of host i are offsets[i] .. offsets[i + 1], ordered by peer, then port. */
export interface PairRows {
  readonly offsets: Uint32Array;
  /** Address ids. */
  readonly peer: Uint32Array;
  /** -1: no port. */
  readonly port: Int32Array;
  readonly sessions: Float64Array;
  readonly denied: Float64Array;
  readonly zeroReply: Float64Array;
  readonly bytesSent: Float64Array;
  readonly bytesReceived: Float64Array;
  /** Oldest event_start, newest event_end, ms UTC; NaN where no record has one. */
  readonly firstEvent: Float64Array;
  readonly lastEvent: Float64Array;
  readonly maxDuration: Float64Array;
  /** event_start of the earliest MAX_STARTS records that have one, ascending, where the pair has two sessions or more. */
  readonly starts: ListVector;
}

/** What the hosts of one role did in one mini-batch. Host ids ascend. */
export interface RoleRows {
  readonly hosts: Uint32Array;
  /** Row-major, one row a host: the merged metrics (durations in ms). */
  readonly totals: Float64Array;
  /** Number of merged metrics in a row of `totals`. */
  readonly width: number;
  /** 1: some pair rows of the host were dropped. */
  readonly isCapped: Uint8Array;
  readonly pairs: PairRows;
}

/** What a delta row holds beyond what windows need. */
export interface DeltaRows extends RoleRows {
  /** Row-major, one row a host: the spread metrics. */
  readonly spreads: Float64Array;
  readonly quantiles: {
    readonly bytes_sent: ListVector;
    readonly bytes_recv: ListVector;
    readonly duration: ListVector;
  };
}

/** `peer_ip|peer_port`; a port of -1 is none. */
export function pairKey(peer: string, port: number): string {
  return port < 0 ? `${peer}|` : `${peer}|${port}`;
}
