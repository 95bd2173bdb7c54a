import type { RoleColumns } from './delta.ts';
import { CHUNK_BITS, type FlowChunks, ROW_MASK } from './flow.ts';

/** The records of one host side by side. Only the first ones, as many as were gathered, mean anything. */
export interface HostRecords {
  readonly flags: Uint32Array;
  readonly repeat: Float64Array;
  readonly peer: Uint32Array;
  readonly port: Int32Array;
  readonly sent: Float64Array;
  readonly received: Float64Array;
  readonly start: Float64Array;
  readonly end: Float64Array;
  /** Takes the flows rows[begin] .. rows[finish - 1] and returns how many they are. */
  gather(rows: Uint32Array, begin: number, finish: number): number;
}

/**
 * Scratch for hosts of up to `most` records. A host's flows lie all over memory: collected column by column in loops that do
 * nothing else, their cache misses overlap.
 */
export function createHostRecords(chunks: FlowChunks, columns: RoleColumns, most: number): HostRecords {
  const pieces = {
    flags: chunks.map((flows) => flows.flags),
    repeat: chunks.map((flows) => flows.repeat),
    peer: chunks.map((flows) => flows[columns.peer]),
    port: chunks.map((flows) => flows[columns.port]),
    sent: chunks.map((flows) => flows[columns.sent]),
    received: chunks.map((flows) => flows[columns.received]),
    start: chunks.map((flows) => flows.start),
    end: chunks.map((flows) => flows.end),
  };
  const records = {
    flags: new Uint32Array(most),
    repeat: new Float64Array(most),
    peer: new Uint32Array(most),
    port: new Int32Array(most),
    sent: new Float64Array(most),
    received: new Float64Array(most),
    start: new Float64Array(most),
    end: new Float64Array(most),
  };
  return {
    ...records,
    gather(rows, begin, finish) {
      collect(pieces.flags, rows, begin, finish, records.flags);
      collect(pieces.repeat, rows, begin, finish, records.repeat);
      collect(pieces.peer, rows, begin, finish, records.peer);
      collect(pieces.port, rows, begin, finish, records.port);
      collect(pieces.sent, rows, begin, finish, records.sent);
      collect(pieces.received, rows, begin, finish, records.received);
      collect(pieces.start, rows, begin, finish, records.start);
      collect(pieces.end, rows, begin, finish, records.end);
      return finish - begin;
    },
  };
}

function collect<C extends Uint32Array | Int32Array | Float64Array>(
  pieces: readonly C[],
  rows: Uint32Array,
  begin: number,
  finish: number,
  into: C,
): void {
  for (let at = begin; at < finish; at++) into[at - begin] = pieces[rows[at]! >>> CHUNK_BITS]![rows[at]! & ROW_MASK]!;
}
