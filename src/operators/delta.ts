import type { AddressFacts } from './address-facts.ts';
import { bitOf, mergedMetrics, SPREAD_METRICS } from './delta-metrics.ts';
import { CHUNK_BITS, FIRST_PORT_SET_BIT, FLOW_WORDS, type FlowChunks, maskOf, WORDS_PER_FLOW } from './flow.ts';
import { createHostRecords } from './host-records.ts';
import { createPairAccumulator } from './pair-accumulator.ts';
import { durationOf, type QualityOptions } from './quality.ts';
import { QUANTILES, quantile, sortAscending } from './quantiles.ts';
import type { DeltaRows } from './role-rows.ts';
import type { ListVector } from './table.ts';
import { DAY_MS } from './time.ts';

/** Which fields of a flow play which part for a role. */
export interface RoleColumns {
  readonly host: 'source' | 'destination';
  readonly peer: 'source' | 'destination';
  readonly sent: 'sourceBytes' | 'destinationBytes';
  readonly received: 'sourceBytes' | 'destinationBytes';
  readonly port: 'sourcePort' | 'destinationPort';
}

export interface DeltaOptions {
  readonly quality: QualityOptions;
  /** Set name → ports; the order gives the sets their bits. */
  readonly portSets: Readonly<Record<string, readonly number[]>>;
  readonly furtherPortSets: readonly string[];
  readonly pairCap: number;
  /** (start, end] in ms UTC. */
  readonly slice: { readonly start: number; readonly end: number };
}

/** Flow rows by host: those of address id h are rows[offsets[h]] .. rows[offsets[h + 1] - 1]. */
export interface Grouping {
  readonly offsets: Uint32Array;
  readonly rows: Uint32Array;
}

/** Groups flows by the host that plays a role in them; flows of other addresses are left out. */
export function groupByHost(chunks: FlowChunks, host: RoleColumns['host'], isHost: Uint8Array): Grouping {
  const offsets = new Uint32Array(new SharedArrayBuffer((isHost.length + 1) * 4));
  const place = FLOW_WORDS[host];
  for (const { length, words } of chunks) {
    for (let w = place; w < length * WORDS_PER_FLOW; w += WORDS_PER_FLOW) {
      const id = words[w]!;
      if (isHost[id] === 1) offsets[id + 1]!++;
    }
  }
  for (let id = 0; id < isHost.length; id++) offsets[id + 1]! += offsets[id]!;
  const rows = new Uint32Array(new SharedArrayBuffer(offsets[isHost.length]! * 4));
  const next = offsets.slice();
  chunks.forEach(({ length, words }, chunk) => {
    for (let i = 0; i < length; i++) {
      const id = words[i * WORDS_PER_FLOW + place]!;
      if (isHost[id] === 1) rows[next[id]!++] = (chunk << CHUNK_BITS) | i;
    }
  });
  return { offsets, rows };
}

const TRAFFIC = maskOf('traffic');
const ICMP = maskOf('icmp');

/** Port → the bits of the sets that hold it. */
function bitsOfPorts(portSets: DeltaOptions['portSets']): Uint32Array {
  const bits = new Uint32Array(65_536);
  Object.values(portSets).forEach((ports, set) => {
    for (const port of ports) bits[port]! |= 1 << (FIRST_PORT_SET_BIT + set);
  });
  return bits;
}

/**
 * Computes the delta rows and pair rows of the given hosts (ids ascending) in one role, exactly, from their flows.
 * Rows do not depend on the order of the flows. Times must be settled.
 */
export function deltaOf(
  chunks: FlowChunks,
  columns: RoleColumns,
  grouping: Grouping,
  hosts: Uint32Array,
  facts: AddressFacts,
  options: DeltaOptions,
  pairKeyOf: (peer: number, port: number) => string,
): DeltaRows {
  const { offsets, rows } = grouping;
  const setNames = Object.keys(options.portSets);
  const portBits = bitsOfPorts(options.portSets);
  const merged = mergedMetrics(options.furtherPortSets);
  const width = merged.length;
  const bits = merged.map((metric) => bitOf(metric, setNames));
  const placeOf = (name: string): number => merged.findIndex((metric) => metric.name === name);
  const [sentAt, receivedAt, durationAt, peakAt] = [
    placeOf('bytes_sent_sum'),
    placeOf('bytes_recv_sum'),
    placeOf('duration_sum'),
    placeOf('max_sessions_per_minute'),
  ] as const;

  const totals = new Float64Array(new SharedArrayBuffer(hosts.length * width * 8));
  const spreads = new Float64Array(new SharedArrayBuffer(hosts.length * SPREAD_METRICS.length * 8));
  const isCapped = new Uint8Array(hosts.length);
  let most = 0;
  let all = 0;
  for (const id of hosts) {
    const size = offsets[id + 1]! - offsets[id]!;
    most = Math.max(most, size);
    all += size;
  }
  const pairs = createPairAccumulator(
    { hosts: hosts.length, records: all, recordsOfOne: most, pairCap: options.pairCap },
    facts,
    pairKeyOf,
  );
  const sentLists = createQuantileLists(hosts.length);
  const receivedLists = createQuantileLists(hosts.length);
  const durationLists = createQuantileLists(hosts.length);
  const sentValues = new Float64Array(most);
  const receivedValues = new Float64Array(most);
  const durations = new Float64Array(most);
  const minutes = createMinuteCounter(options, most);
  const byBit = new Float64Array(32);
  const records = createHostRecords(chunks, columns, most);

  for (let i = 0; i < hosts.length; i++) {
    const id = hosts[i]!;
    byBit.fill(0);
    let sessionsRead = 0;
    let sentCount = 0;
    let receivedCount = 0;
    let sentSum = 0;
    let receivedSum = 0;
    let durationSum = 0;
    const count = records.gather(rows, offsets[id]!, offsets[id + 1]!);
    for (let r = 0; r < count; r++) {
      const repeat = records.repeat[r]!;
      let flags = records.flags[r]!;
      const isTraffic = (flags & TRAFFIC) !== 0;
      const port = (flags & ICMP) === 0 ? records.port[r]! : -1;
      if (isTraffic && port >= 0) flags |= portBits[port]!;
      for (let rest = flags | 0; rest !== 0; ) {
        const bit = 31 - Math.clz32(rest);
        byBit[bit]! += repeat;
        rest &= ~(1 << bit);
      }
      if (!isTraffic) continue;
      const sent = records.sent[r]!;
      const received = records.received[r]!;
      const start = records.start[r]!;
      const end = records.end[r]!;
      const duration = durationOf(start, end, options.quality);
      if (!Number.isNaN(sent)) {
        sentValues[sentCount++] = sent;
        sentSum += sent;
      }
      if (!Number.isNaN(received)) {
        receivedValues[receivedCount++] = received;
        receivedSum += received;
      }
      durations[sessionsRead++] = duration;
      durationSum += duration;
      if (!Number.isNaN(start)) minutes.add(start, repeat);
      pairs.add(records.peer[r]!, port, repeat, flags, sent, received, start, end, duration);
    }
    const base = i * width;
    for (let m = 0; m < width; m++) if (bits[m]! >= 0) totals[base + m] = byBit[bits[m]!]!;
    totals[base + sentAt] = sentSum;
    totals[base + receivedAt] = receivedSum;
    totals[base + durationAt] = durationSum;
    totals[base + peakAt] = minutes.takePeak();
    sentLists.append(sentValues.subarray(0, sentCount), 1);
    receivedLists.append(receivedValues.subarray(0, receivedCount), 1);
    durationLists.append(durations.subarray(0, sessionsRead), 1000);
    isCapped[i] = pairs.finishHost(spreads, i * SPREAD_METRICS.length) ? 1 : 0;
  }
  return {
    hosts,
    totals,
    width,
    isCapped,
    pairs: pairs.rows(),
    spreads,
    quantiles: { bytes_sent: sentLists.vector(), bytes_recv: receivedLists.vector(), duration: durationLists.vector() },
  };
}

interface QuantileLists {
  /** Appends the quantiles of the values, each divided by `per`; null without values. Sorts the values. */
  append(values: Float64Array, per: number): void;
  vector(): ListVector;
}

function createQuantileLists(rows: number): QuantileLists {
  const offsets = new Uint32Array(rows + 1);
  const values = new Float64Array(rows * QUANTILES.length);
  let row = 0;
  let used = 0;
  return {
    append(sample, per) {
      if (sample.length > 0) {
        sortAscending(sample);
        for (const q of QUANTILES) values[used++] = quantile(sample, q) / per;
      }
      offsets[++row] = used;
    },
    vector: () => ({ offsets, values: values.subarray(0, used) }),
  };
}

interface MinuteCounter {
  add(start: number, sessions: number): void;
  /** Highest number of sessions in one minute since the last call; 0 without any. */
  takePeak(): number;
}

/** Counts by minute, in a table that spans every time that settled flows can have. */
function createMinuteCounter({ slice, quality }: DeltaOptions, most: number): MinuteCounter {
  const first = Math.floor((slice.start - quality.maxSessionDays * DAY_MS) / 60_000);
  const last = Math.floor((slice.end + DAY_MS) / 60_000);
  const counts = new Float64Array(last - first + 1);
  const touched = new Int32Array(most);
  let used = 0;
  return {
    add(start, sessions) {
      const minute = Math.floor(start / 60_000) - first;
      if (counts[minute] === 0) touched[used++] = minute;
      counts[minute]! += sessions;
    },
    takePeak() {
      let peak = 0;
      for (let i = 0; i < used; i++) {
        const minute = touched[i]!;
        if (counts[minute]! > peak) peak = counts[minute]!;
        counts[minute] = 0;
      }
      used = 0;
      return peak;
    },
  };
}
