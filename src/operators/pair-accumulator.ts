import type { AddressFacts } from './address-facts.ts';
import { maskOf } from './flow.ts';
import { sortAscending } from './quantiles.ts';
import { MAX_STARTS, PAIR_NUMBERS, type PairNumber, type PairRows } from './role-rows.ts';
import { createSpreadMeter } from './spread.ts';

const DENY = maskOf('deny');
const ZERO_REPLY = maskOf('zero_reply');
const PORT_KEYS = 65_537;

/** Gathers the sessions of one host after the other into (peer, port) rows. */
export interface PairAccumulator {
  /** Takes one record of the current host; a port of -1 is none, NaN is null. */
  add(
    peer: number,
    port: number,
    sessions: number,
    flags: number,
    sent: number,
    received: number,
    start: number,
    end: number,
    duration: number,
  ): void;
  /** Ends a host: writes its spread metrics at `at` and appends its pair rows. True if some were dropped. */
  finishHost(spreads: Float64Array, at: number): boolean;
  rows(): PairRows;
}

export interface PairBounds {
  readonly hosts: number;
  /** Records of all hosts. */
  readonly records: number;
  /** Records of the host that has most. */
  readonly recordsOfOne: number;
  /** Rows kept of one host: those with the most sessions, ties by pair key ascending. */
  readonly pairCap: number;
}

/** `pairKeyOf` gives the text by which ties are broken where a host has more pairs than the cap. */
export function createPairAccumulator(
  bounds: PairBounds,
  facts: AddressFacts,
  pairKeyOf: (peer: number, port: number) => string,
): PairAccumulator {
  const out = allocateRows(bounds.records);
  const offsets = new Uint32Array(bounds.hosts + 1);
  const startOffsets = new Uint32Array(new SharedArrayBuffer((bounds.records + 1) * 4));
  const startValues = new Float64Array(new SharedArrayBuffer(bounds.records * 8));
  let hostsDone = 0;
  let used = 0;
  let startsUsed = 0;

  const n = bounds.recordsOfOne;
  const own = allocateRows(n);
  const recordPair = new Uint32Array(n);
  const recordStart = new Float64Array(n);
  const startCount = new Uint32Array(n);
  const startEnd = new Uint32Array(n);
  const startsByPair = new Float64Array(n);
  const keys = new Float64Array(n);
  const order = new Uint32Array(n);
  let pairs = 0;
  let startsOfHost = 0;
  let hasRepeatedPair = false;

  let tableSize = 16;
  while (tableSize < n * 2) tableSize *= 2;
  const table = new Float64Array(tableSize);
  const mask = tableSize - 1;
  /** The table holds epoch + place; what is below the epoch belongs to earlier hosts. */
  let epoch = 1;
  const meter = createSpreadMeter(facts.segmentCount);

  /** Place of a pair among the current host's; a new one is appended. */
  const placeOf = (peer: number, port: number): number => {
    let slot = (Math.imul(peer, 0x9e3779b1) ^ Math.imul(port + 1, 0x85ebca6b)) >>> 0;
    slot = (slot ^ (slot >>> 15)) & mask;
    for (;;) {
      const place = table[slot]! - epoch;
      if (place < 0) break;
      if (own.peer[place] === peer && own.port[place] === port) return place;
      slot = (slot + 1) & mask;
    }
    const place = pairs++;
    table[slot] = epoch + place;
    own.peer[place] = peer;
    own.port[place] = port;
    own.sessions[place] = 0;
    own.denied[place] = 0;
    own.zeroReply[place] = 0;
    own.bytesSent[place] = 0;
    own.bytesReceived[place] = 0;
    own.firstEvent[place] = Number.NaN;
    own.lastEvent[place] = Number.NaN;
    own.maxDuration[place] = Number.NEGATIVE_INFINITY;
    startCount[place] = 0;
    return place;
  };

  /** Orders the host's pairs by peer, then port, none first. */
  const sortPairs = (): void => {
    for (let i = 0; i < pairs; i++) keys[i] = own.peer[i]! * PORT_KEYS + own.port[i]! + 1;
    if (pairs > 32) {
      keys.subarray(0, pairs).sort();
      for (let i = 0; i < pairs; i++) {
        const peer = Math.floor(keys[i]! / PORT_KEYS);
        order[i] = placeOf(peer, keys[i]! - peer * PORT_KEYS - 1);
      }
      return;
    }
    for (let i = 0; i < pairs; i++) {
      const key = keys[i]!;
      let j = i - 1;
      while (j >= 0 && keys[j]! > key) {
        keys[j + 1] = keys[j]!;
        order[j + 1] = order[j]!;
        j--;
      }
      keys[j + 1] = key;
      order[j + 1] = i;
    }
  };

  const measureSpread = (spreads: Float64Array, at: number): void => {
    for (let i = 0; i < pairs; ) {
      const peer = own.peer[order[i]!]!;
      let sessions = 0;
      let bytes = 0;
      for (; i < pairs && own.peer[order[i]!] === peer; i++) {
        const place = order[i]!;
        const bytesOfPair = own.bytesSent[place]! + own.bytesReceived[place]!;
        sessions += own.sessions[place]!;
        bytes += bytesOfPair;
        if (own.port[place]! >= 0) meter.addPort(own.port[place]!, own.sessions[place]!, bytesOfPair);
      }
      meter.addPeer(sessions, bytes, facts.segment[peer]!);
    }
    meter.take(spreads, at);
    meter.forgetPorts();
  };

  /** The places to keep, in the order of rows. */
  const keepMost = (): Uint32Array => {
    const bySessions = order.slice(0, pairs);
    const keyOf = new Map<number, string>();
    for (const place of bySessions) keyOf.set(place, pairKeyOf(own.peer[place]!, own.port[place]!));
    bySessions.sort((a, b) => own.sessions[b]! - own.sessions[a]! || (keyOf.get(a)! < keyOf.get(b)! ? -1 : 1));
    const kept = new Set(bySessions.subarray(0, bounds.pairCap));
    return order.slice(0, pairs).filter((place) => kept.has(place));
  };

  /** Gathers the starts of every pair side by side; those of a pair end at startEnd[place]. */
  const gatherStarts = (): void => {
    let end = 0;
    for (let place = 0; place < pairs; place++) {
      startEnd[place] = end;
      end += startCount[place]!;
    }
    for (let i = 0; i < startsOfHost; i++) startsByPair[startEnd[recordPair[i]!]!++] = recordStart[i]!;
  };

  /** Appends the pairs at these places, in this order. */
  const appendRows = (places: Uint32Array): void => {
    for (let i = 0; i < places.length; i++) {
      out.peer[used + i] = own.peer[places[i]!]!;
      out.port[used + i] = own.port[places[i]!]!;
    }
    for (const name of PAIR_NUMBERS) {
      const from = own[name];
      const to = out[name];
      for (let i = 0; i < places.length; i++) to[used + i] = from[places[i]!]!;
    }
    for (const place of places) {
      if (own.sessions[place]! >= 2) appendStarts(place);
      startOffsets[++used] = startsUsed;
    }
  };

  const appendStarts = (place: number): void => {
    const end = startEnd[place]!;
    const starts = startsByPair.subarray(end - startCount[place]!, end);
    sortAscending(starts);
    for (let i = 0; i < starts.length && i < MAX_STARTS; i++) startValues[startsUsed++] = starts[i]!;
  };

  return {
    add(peer, port, sessions, flags, sent, received, start, end, duration) {
      const place = placeOf(peer, port);
      own.sessions[place]! += sessions;
      if (own.sessions[place]! >= 2) hasRepeatedPair = true;
      if ((flags & DENY) !== 0) own.denied[place]! += sessions;
      if ((flags & ZERO_REPLY) !== 0) own.zeroReply[place]! += sessions;
      if (!Number.isNaN(sent)) own.bytesSent[place]! += sent;
      if (!Number.isNaN(received)) own.bytesReceived[place]! += received;
      if (duration > own.maxDuration[place]!) own.maxDuration[place] = duration;
      if (!Number.isNaN(start)) {
        recordPair[startsOfHost] = place;
        recordStart[startsOfHost++] = start;
        startCount[place]!++;
        if (!(own.firstEvent[place]! <= start)) own.firstEvent[place] = start;
      }
      if (!Number.isNaN(end) && !(own.lastEvent[place]! >= end)) own.lastEvent[place] = end;
    },
    finishHost(spreads, at) {
      sortPairs();
      measureSpread(spreads, at);
      if (hasRepeatedPair) gatherStarts();
      const isCapped = pairs > bounds.pairCap;
      appendRows(isCapped ? keepMost() : order.subarray(0, pairs));
      offsets[++hostsDone] = used;
      epoch += pairs;
      pairs = 0;
      startsOfHost = 0;
      hasRepeatedPair = false;
      return isCapped;
    },
    rows: () => ({
      offsets,
      peer: out.peer.subarray(0, used),
      port: out.port.subarray(0, used),
      ...pairNumbers((name) => out[name].subarray(0, used)),
      starts: { offsets: startOffsets.subarray(0, used + 1), values: startValues.subarray(0, startsUsed) },
    }),
  };
}

function pairNumbers(columnOf: (name: PairNumber) => Float64Array): Record<PairNumber, Float64Array> {
  return Object.fromEntries(PAIR_NUMBERS.map((name) => [name, columnOf(name)])) as Record<PairNumber, Float64Array>;
}

/** Room for rows; what is never written to takes no memory. */
function allocateRows(rows: number) {
  return {
    peer: new Uint32Array(new SharedArrayBuffer(rows * 4)),
    port: new Int32Array(new SharedArrayBuffer(rows * 4)),
    ...pairNumbers(() => new Float64Array(new SharedArrayBuffer(rows * 8))),
  };
}
