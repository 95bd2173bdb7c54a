import type { RoleColumns } from './delta.ts';
import {
  CHUNK_BITS,
  FLOW_NUMBERS,
  FLOW_WORDS,
  type FlowChunks,
  NUMBERS_PER_FLOW,
  ROW_MASK,
  WORDS_PER_FLOW,
} from './flow.ts';

/** The records of one host side by side. Only the first ones, as many as were gathered, mean anything. */
export interface HostRecords {
  readonly flags: Int32Array;
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

/** Records that the nearest cache holds. */
const BATCH = 256;

/**
 * Scratch for hosts of up to `most` records. A host's flows lie all over memory: collected in a loop that does nothing else,
 * their cache misses overlap.
 */
export function createHostRecords(chunks: FlowChunks, columns: RoleColumns, most: number): HostRecords {
  const pieceNumbers = chunks.map(({ numbers }) => numbers);
  const pieceWords = chunks.map(({ words }) => words);
  const sourcePorts = columns.port === 'sourcePort' ? chunks.map((flows) => flows.sourcePort) : undefined;
  const peerAt = FLOW_WORDS[columns.peer];
  const sentAt = FLOW_NUMBERS[columns.sent];
  const receivedAt = FLOW_NUMBERS[columns.received];
  const flags = new Int32Array(most);
  const repeat = new Float64Array(most);
  const peer = new Uint32Array(most);
  const port = new Int32Array(most);
  const sent = new Float64Array(most);
  const received = new Float64Array(most);
  const start = new Float64Array(most);
  const end = new Float64Array(most);
  return {
    ...{ flags, repeat, peer, port, sent, received, start, end },
    gather(rows, begin, finish) {
      for (let from = begin; from < finish; from += BATCH) {
        const until = Math.min(finish, from + BATCH);
        // The ends of the records first, in two short loops: so many more of them are on their way from memory at once.
        for (let at = from; at < until; at++)
          flags[at - begin] =
            pieceWords[rows[at]! >>> CHUNK_BITS]![(rows[at]! & ROW_MASK) * WORDS_PER_FLOW + FLOW_WORDS.flags]!;
        for (let at = from; at < until; at++)
          sent[at - begin] =
            pieceNumbers[rows[at]! >>> CHUNK_BITS]![(rows[at]! & ROW_MASK) * NUMBERS_PER_FLOW + sentAt]!;
        for (let at = from; at < until; at++) {
          const numbers = pieceNumbers[rows[at]! >>> CHUNK_BITS]!;
          const words = pieceWords[rows[at]! >>> CHUNK_BITS]!;
          const n = (rows[at]! & ROW_MASK) * NUMBERS_PER_FLOW;
          const w = (rows[at]! & ROW_MASK) * WORDS_PER_FLOW;
          const to = at - begin;
          received[to] = numbers[n + receivedAt]!;
          start[to] = numbers[n + FLOW_NUMBERS.start]!;
          end[to] = numbers[n + FLOW_NUMBERS.end]!;
          repeat[to] = numbers[n + FLOW_NUMBERS.repeat]!;
          peer[to] = words[w + peerAt]!;
          port[to] = words[w + FLOW_WORDS.destinationPort]!;
        }
      }
      if (sourcePorts !== undefined) {
        for (let at = begin; at < finish; at++)
          port[at - begin] = sourcePorts[rows[at]! >>> CHUNK_BITS]![rows[at]! & ROW_MASK]!;
      }
      return finish - begin;
    },
  };
}
