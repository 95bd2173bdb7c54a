import { DAY_MS } from './time.ts';

/** Days are bits of a whole number. */
const MOST_DAYS = 32;
const KEY_PORTS = 65_536;

/** Pair counts of hosts of one bin: owner (host or segment) and destination are places in lists of the caller. */
export interface PairCountRows {
  readonly length: number;
  readonly owner: Uint32Array;
  readonly destination: Uint32Array;
  /** 1..65535 */
  readonly port: Int32Array;
  readonly sessions: Float64Array;
  /** event_ts, the slice's end, ms UTC. */
  readonly at: Float64Array;
}

/** Pairs seen by their owner over a horizon, in no order. */
export interface PairTally {
  length: number;
  owner: Uint32Array;
  destination: Uint32Array;
  port: Int32Array;
  seen: Float64Array;
  lastSeen: Float64Array;
  /** Bit d: seen on day d since `firstDay`. */
  days: Uint32Array;
  /** Open addressing by hash of (owner, destination, port): place + 1, 0: free. */
  slots: Int32Array;
  /** UTC day of the horizon's start. */
  readonly firstDay: number;
}

const LEAST_ROOM = 1_024;

/** An empty tally of a horizon that begins at `start` (ms UTC) and touches at most 32 UTC days. */
export const createPairTally = (start: number): PairTally => ({
  length: 0,
  owner: new Uint32Array(LEAST_ROOM),
  destination: new Uint32Array(LEAST_ROOM),
  port: new Int32Array(LEAST_ROOM),
  seen: new Float64Array(LEAST_ROOM),
  lastSeen: new Float64Array(LEAST_ROOM),
  days: new Uint32Array(LEAST_ROOM),
  slots: new Int32Array(2 * LEAST_ROOM),
  firstDay: Math.floor(start / DAY_MS),
});

function hashOf(owner: number, destination: number, port: number): number {
  let hash = Math.imul(owner, 0x9e3779b1) ^ Math.imul(destination, 0x85ebca77) ^ Math.imul(port, 0xc2b2ae3d);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

function grow(tally: PairTally): void {
  const room = 2 * tally.owner.length;
  const enlarge = <T extends Uint32Array | Int32Array | Float64Array>(before: T, after: T): T => {
    after.set(before);
    return after;
  };
  tally.owner = enlarge(tally.owner, new Uint32Array(room));
  tally.destination = enlarge(tally.destination, new Uint32Array(room));
  tally.port = enlarge(tally.port, new Int32Array(room));
  tally.seen = enlarge(tally.seen, new Float64Array(room));
  tally.lastSeen = enlarge(tally.lastSeen, new Float64Array(room));
  tally.days = enlarge(tally.days, new Uint32Array(room));
  const slots = new Int32Array(2 * room);
  const mask = slots.length - 1;
  for (let pair = 0; pair < tally.length; pair++) {
    let slot = hashOf(tally.owner[pair]!, tally.destination[pair]!, tally.port[pair]!) & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = pair + 1;
  }
  tally.slots = slots;
}

/** Adds one observation; `days` as the tally has them. */
function add(
  tally: PairTally,
  owner: number,
  destination: number,
  port: number,
  sessions: number,
  at: number,
  days: number,
): void {
  const mask = tally.slots.length - 1;
  let slot = hashOf(owner, destination, port) & mask;
  for (;;) {
    const pair = tally.slots[slot]! - 1;
    if (pair < 0) break;
    if (tally.owner[pair] === owner && tally.destination[pair] === destination && tally.port[pair] === port) {
      tally.seen[pair]! += sessions;
      if (at > tally.lastSeen[pair]!) tally.lastSeen[pair] = at;
      tally.days[pair]! |= days;
      return;
    }
    slot = (slot + 1) & mask;
  }
  const pair = tally.length++;
  tally.slots[slot] = pair + 1;
  tally.owner[pair] = owner;
  tally.destination[pair] = destination;
  tally.port[pair] = port;
  tally.seen[pair] = sessions;
  tally.lastSeen[pair] = at;
  tally.days[pair] = days;
  if (tally.length === tally.owner.length) grow(tally);
}

/** Adds pair counts, degraded slices included, in any order and in any number of calls. */
export function tallyPairs(tally: PairTally, rows: PairCountRows): void {
  for (let row = 0; row < rows.length; row++) {
    const at = rows.at[row]!;
    const day = Math.floor(at / DAY_MS) - tally.firstDay;
    if (!(day >= 0 && day < MOST_DAYS))
      throw new Error(
        `pair counts: event_ts ${at} lies outside the ${MOST_DAYS} days of the tally from day ${tally.firstDay}`,
      );
    add(tally, rows.owner[row]!, rows.destination[row]!, rows.port[row]!, rows.sessions[row]!, at, 1 << day);
  }
}

/** How rare pairs are for their owner; columns of one length, sorted by (owner, destination as text, port). */
export interface PairRarity {
  readonly length: number;
  readonly owner: Uint32Array;
  readonly destination: Uint32Array;
  readonly port: Int32Array;
  readonly seenCount: Float64Array;
  readonly lastSeen: Float64Array;
  readonly activeDays: Float64Array;
  readonly dailyAverage: Float64Array;
  readonly score: Float64Array;
  readonly isNew: Uint8Array;
  readonly isRare: Uint8Array;
}

/**
 * Rarity of the tallied pairs: score 1 / (1 + sessions seen), rare from `threshold` on, daily average over the days on which
 * it was seen. `destinations` are the texts by place. Owners are expected in the order of their texts.
 */
export function rarityOf(tally: PairTally, destinations: readonly string[], threshold: number): PairRarity {
  const order = sortPairs(tally, destinations);
  const seenCount = Float64Array.from(order, (pair) => tally.seen[pair]!);
  const activeDays = Float64Array.from(order, (pair) => bitsOf(tally.days[pair]!));
  const score = seenCount.map((seen) => 1 / (1 + seen));
  return {
    length: order.length,
    owner: order.map((pair) => tally.owner[pair]!),
    destination: order.map((pair) => tally.destination[pair]!),
    port: Int32Array.from(order, (pair) => tally.port[pair]!),
    seenCount,
    lastSeen: Float64Array.from(order, (pair) => tally.lastSeen[pair]!),
    activeDays,
    dailyAverage: seenCount.map((seen, i) => seen / activeDays[i]!),
    score,
    isNew: Uint8Array.from(seenCount, (seen) => (seen === 0 ? 1 : 0)),
    isRare: Uint8Array.from(score, (own) => (own >= threshold ? 1 : 0)),
  };
}

/** Pairs by (owner, text of the destination, port). */
function sortPairs(tally: PairTally, destinations: readonly string[]): Uint32Array {
  const { length, owner, destination, port } = tally;
  const byText = Uint32Array.from(destinations, (_, i) => i).sort((a, b) =>
    destinations[a]! < destinations[b]! ? -1 : destinations[a]! > destinations[b]! ? 1 : 0,
  );
  const rank = new Uint32Array(byText.length);
  byText.forEach((place, i) => {
    rank[place] = i;
  });
  const offsets = new Uint32Array(owner.subarray(0, length).reduce((most, own) => Math.max(most, own + 1), 0) + 1);
  for (let pair = 0; pair < length; pair++) offsets[owner[pair]! + 1]!++;
  for (let i = 1; i < offsets.length; i++) offsets[i]! += offsets[i - 1]!;
  const next = offsets.slice();
  const order = new Uint32Array(length);
  for (let pair = 0; pair < length; pair++) order[next[owner[pair]!]!++] = pair;
  const keyOf = (pair: number): number => rank[destination[pair]!]! * KEY_PORTS + port[pair]!;
  for (let i = 0; i + 1 < offsets.length; i++) {
    order.subarray(offsets[i]!, offsets[i + 1]!).sort((a, b) => keyOf(a) - keyOf(b));
  }
  return order;
}

function bitsOf(days: number): number {
  let rest = days >>> 0;
  let count = 0;
  for (; rest !== 0; count++) rest = (rest & (rest - 1)) >>> 0;
  return count;
}
