/** Chance that repeats: the same seed and labels throw the same numbers on every machine. */
export interface Dice {
  /** A fraction in [0, 1). */
  readonly fraction: () => number;
  /** A whole number in [low, high], both ends included, all equally likely. */
  readonly between: (low: number, high: number) => number;
  /** A whole number in [low, high], mostly near low, now and then far up: sizes and durations look like this. */
  readonly skewed: (low: number, high: number) => number;
  readonly chance: (probability: number) => boolean;
  readonly pick: <T>(choices: readonly T[]) => T;
  /** How often something that happens `rate` times on average happened this time. */
  readonly count: (rate: number) => number;
}

/**
 * Dice of their own for every label, so that what one part of a simulation throws never moves another part.
 * Only whole-number operations, multiplication and division are used: library functions such as log may differ in the
 * last bit between engines. The generator is Chris Doty-Humphrey's small fast counter (sfc32).
 */
export function seededDice(seed: number, ...labels: readonly (string | number)[]): Dice {
  const text = [seed, ...labels].join('/');
  let a = hashOf(text, 0x811c9dc5);
  let b = hashOf(text, 0x9e3779b9);
  let c = hashOf(text, 0x85ebca6b);
  let counter = 1;

  const word = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let warm = 0; warm < 12; warm++) word();

  const fraction = () => word() / 2 ** 32;
  const between = (low: number, high: number) => low + Math.floor(fraction() * (high - low + 1));
  const skewed = (low: number, high: number) => {
    const share = fraction();
    return low + Math.floor(share * share * share * share * (high - low + 1));
  };
  const chance = (probability: number) => fraction() < probability;
  const pick = <T>(choices: readonly T[]): T => {
    if (choices.length === 0) throw new RangeError('dice: nothing to pick from');
    return choices[between(0, choices.length - 1)]!;
  };
  const count = (rate: number) => {
    const tries = Math.max(4, Math.ceil(2 * rate));
    let hits = 0;
    for (let i = 0; i < tries; i++) if (chance(rate / tries)) hits++;
    return hits;
  };
  return { fraction, between, skewed, chance, pick, count };
}

/** FNV-1a, 32 bits, from a start value of the caller's. */
function hashOf(text: string, start: number): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash | 0;
}
