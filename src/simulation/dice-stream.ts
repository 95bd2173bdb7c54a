/** Seven or more digits of chance from three whole numbers: the same on every machine, 32 bits, unsigned. */
export function mixed(a: number, b: number, c: number): number {
  let hash = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul((b | 0) + 0x165667b1, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) ^ Math.imul((c | 0) + 0x27d4eb2f, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 13), 0x297a2d39);
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  return (hash ^ (hash >>> 15)) >>> 0;
}

/**
 * Values at the 0, 5, 25, 50, 75, 95, 99 and 100 % marks of a quantity, ascending: straight lines join them. Sizes and
 * durations are given so because measured traffic can be read off that way, and because no library function is needed.
 */
export type Knots = readonly [number, number, number, number, number, number, number, number];

/** Knots of something that is mostly near its median and now and then far up. */
export function tailed(low: number, median: number, high: number): Knots {
  const below = median - low;
  const above = high - median;
  return [
    low,
    low + below * 0.2,
    low + below * 0.6,
    median,
    median + above * 0.03,
    median + above * 0.2,
    median + above * 0.45,
    high,
  ];
}

export const always = (value: number): Knots => [value, value, value, value, value, value, value, value];

/** Dice that can be thrown by the hundred million. Reseeded for every machine and slice, they need nothing before it. */
export interface DiceStream {
  /** What follows depends on these three whole numbers alone. */
  reseed(a: number, b: number, c: number): void;
  /** A fraction in [0, 1). */
  unit(): number;
  /** A whole number in [0, n). */
  below(n: number): number;
  chance(probability: number): boolean;
  /** A whole number distributed as the knots say. */
  sample(knots: Knots): number;
  /** How often something that happens `rate` times on average happened this time. */
  count(rate: number): number;
}

const WARM_ROUNDS = 6;

/**
 * Chris Doty-Humphrey's small fast counter (sfc32) over whole numbers; nothing but whole-number operations, multiplication and
 * division, so that every engine throws the same.
 */
export function createDiceStream(): DiceStream {
  const state = new Uint32Array(4);

  const unit = (): number => {
    const sum = (state[0]! + state[1]! + state[3]!) | 0;
    state[3] = state[3]! + 1;
    state[0] = state[1]! ^ (state[1]! >>> 9);
    state[1] = (state[2]! + (state[2]! << 3)) | 0;
    state[2] = ((state[2]! << 21) | (state[2]! >>> 11)) + sum;
    return (sum >>> 0) / 4294967296;
  };
  const chance = (probability: number): boolean => unit() < probability;
  return {
    reseed(a, b, c) {
      state[0] = a;
      state[1] = mixed(a, b, c);
      state[2] = mixed(c, a, b);
      state[3] = 1;
      for (let round = 0; round < WARM_ROUNDS; round++) unit();
    },
    unit,
    below: (n) => Math.floor(unit() * n),
    chance,
    sample(knots) {
      const u = unit();
      const value =
        u < 0.5
          ? u < 0.25
            ? u < 0.05
              ? between(knots[0], knots[1], u * 20)
              : between(knots[1], knots[2], (u - 0.05) * 5)
            : between(knots[2], knots[3], (u - 0.25) * 4)
          : u < 0.95
            ? u < 0.75
              ? between(knots[3], knots[4], (u - 0.5) * 4)
              : between(knots[4], knots[5], (u - 0.75) * 5)
            : u < 0.99
              ? between(knots[5], knots[6], (u - 0.95) * 25)
              : between(knots[6], knots[7], (u - 0.99) * 100);
      return Math.floor(value);
    },
    count(rate) {
      if (rate <= 0) return 0;
      const tries = Math.max(4, Math.ceil(2 * rate));
      const share = rate / tries;
      let hits = 0;
      for (let i = 0; i < tries; i++) if (unit() < share) hits++;
      return hits;
    },
  };
}

const between = (low: number, high: number, share: number): number => low + (high - low) * share;
