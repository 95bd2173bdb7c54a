import type { Grouping } from './delta.ts';
import { CHUNK_BITS, type FlowChunks, maskOf, ROW_MASK } from './flow.ts';

/** Sessions per (source, destination, destination port), ordered by them. A port of -1 is none. */
export interface PairCounts {
  readonly length: number;
  /** Address ids. */
  readonly source: Uint32Array;
  readonly destination: Uint32Array;
  readonly port: Int32Array;
  readonly sessions: Float64Array;
}

const TRAFFIC = maskOf('traffic');
const ICMP = maskOf('icmp');
const PORT_KEYS = 65_537;

/**
 * Counts the TRAFFIC sessions, ICMP left out, of every source, monitored or not. `bySource` groups the flows by source,
 * all addresses included. With `requirePort` only destination ports above 0 count.
 */
export function pairCountsOf(chunks: FlowChunks, bySource: Grouping, requirePort: boolean): PairCounts {
  const { offsets, rows } = bySource;
  const out = {
    source: new Uint32Array(rows.length),
    destination: new Uint32Array(rows.length),
    port: new Int32Array(rows.length),
    sessions: new Float64Array(rows.length),
  };
  const lowest = requirePort ? 1 : -1;
  let keys = new Float64Array(256);
  let length = 0;

  const append = (source: number, key: number, sessions: number): void => {
    const destination = Math.floor(key / PORT_KEYS);
    out.source[length] = source;
    out.destination[length] = destination;
    out.port[length] = key - destination * PORT_KEYS - 1;
    out.sessions[length++] = sessions;
  };

  for (let source = 0; source + 1 < offsets.length; source++) {
    const begin = offsets[source]!;
    const end = offsets[source + 1]!;
    if (keys.length < end - begin) keys = new Float64Array((end - begin) * 2);
    let used = 0;
    let repeated: Map<number, number> | undefined;
    for (let at = begin; at < end; at++) {
      const flows = chunks[rows[at]! >>> CHUNK_BITS]!;
      const row = rows[at]! & ROW_MASK;
      const flags = flows.flags[row]!;
      const port = flows.destinationPort[row]!;
      if ((flags & TRAFFIC) === 0 || (flags & ICMP) !== 0 || port < lowest) continue;
      const key = flows.destination[row]! * PORT_KEYS + port + 1;
      keys[used++] = key;
      const repeat = flows.repeat[row]!;
      if (repeat > 1) {
        repeated ??= new Map();
        repeated.set(key, (repeated.get(key) ?? 0) + repeat - 1);
      }
    }
    const own = keys.subarray(0, used).sort();
    for (let i = 0; i < used; ) {
      const key = own[i]!;
      let same = i + 1;
      while (same < used && own[same] === key) same++;
      append(source, key, same - i + (repeated?.get(key) ?? 0));
      i = same;
    }
  }
  return {
    length,
    source: out.source.subarray(0, length),
    destination: out.destination.subarray(0, length),
    port: out.port.subarray(0, length),
    sessions: out.sessions.subarray(0, length),
  };
}
