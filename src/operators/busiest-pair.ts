import { createPairPlaces } from './pair-places.ts';

const BUCKETS = 2048;
const BUCKET_SHIFT = 21;
/** Bucket of the peers inside. */
const INSIDE = 0;

/**
 * Most sessions of one (peer, port) outside among rows of a host. Whoever takes the rows adds their sessions to the buckets
 * of their peers: only pairs of buckets that hold more than a pair that is known need be told apart. Reusable scratch.
 */
export interface BusiestPair {
  /** Sessions by bucket. */
  readonly buckets: Float64Array;
  /** Bucket of a peer, by lasting id. */
  readonly bucketOf: Uint16Array;
  clear(): void;
  /**
   * @param least sessions of a pair that is known, 0 without any.
   * @param eachRow gives all rows whose sessions were added once more.
   */
  most(least: number, eachRow: (take: (peer: number, port: number, sessions: number) => void) => void): number;
}

/** @param isInternal by lasting id. */
export function createBusiestPair(isInternal: Uint8Array): BusiestPair {
  const buckets = new Float64Array(BUCKETS);
  const bucketOf = new Uint16Array(isInternal.length);
  for (let id = 0; id < bucketOf.length; id++)
    bucketOf[id] = isInternal[id] === 1 ? INSIDE : 1 + ((Math.imul(id, 0x9e3779b1) >>> BUCKET_SHIFT) % (BUCKETS - 1));
  const places = createPairPlaces();
  let sums = new Float64Array(256);
  let count = 0;
  const append = (): number => {
    if (count === sums.length) {
      const wider = new Float64Array(count * 2);
      wider.set(sums);
      sums = wider;
    }
    sums[count] = 0;
    return count++;
  };
  return {
    buckets,
    bucketOf,
    clear() {
      buckets.fill(0);
    },
    most(least, eachRow) {
      let most = least;
      buckets[INSIDE] = 0;
      if (!buckets.some((sessions) => sessions > least)) return most;
      places.clear();
      count = 0;
      eachRow((peer, port, sessions) => {
        if (buckets[bucketOf[peer]!]! <= least) return;
        const place = places.place(peer, port, append);
        sums[place]! += sessions;
        if (sums[place]! > most) most = sums[place]!;
      });
      return most;
    },
  };
}
