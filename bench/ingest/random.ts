/** A seeded source of numbers: the same seed gives the same file on every machine. */
export interface Random {
  /** A double in [0, 1). */
  readonly unit: () => number;
  /** A whole number in [0, n). */
  readonly below: (n: number) => number;
  /** A whole number in [0, n), low ones more often: skew 1 is even, 3 gives the first tenth nearly half of the draws. */
  readonly skewed: (n: number, skew: number) => number;
}

/** mulberry32: 32 bits of state, good enough for shapes of traffic. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const unit = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  return {
    unit,
    below: (n) => Math.floor(unit() * n),
    skewed: (n, skew) => Math.floor(unit() ** skew * n),
  };
}
