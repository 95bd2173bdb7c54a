/** How long to wait after the n-th failure in a row, ms: `leastMs` doubled each time, `mostMs` at most. */
export interface BackOff {
  readonly leastMs: number;
  readonly mostMs: number;
}

/**
 * Half of the wait is fixed, half by chance: those who failed together do not come back together.
 *
 * @param failures in a row, 1 for the first
 * @param random in [0, 1)
 */
export function backOffMs(failures: number, { leastMs, mostMs }: BackOff, random: number): number {
  // 2 ** 1024 is no number any more.
  const whole = Math.min(mostMs, leastMs * 2 ** Math.min(failures - 1, 60));
  return whole / 2 + (whole / 2) * random;
}
