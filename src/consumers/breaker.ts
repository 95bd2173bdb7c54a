import { type BackOff, backOffMs } from './backoff.ts';

export type BreakerState = 'closed' | 'open' | 'half_open';

/** Keeps those who need a dependency from asking it while it is down. */
export interface Breaker {
  /** `half_open`: one may try. */
  state(now: number): BreakerState;
  failed(now: number): void;
  succeeded(): void;
}

/** Failures in a row that open it. One or two may be chance. */
const TOLERATED = 3;
const OPEN: BackOff = { leastMs: 1000, mostMs: 60_000 };

/** A breaker that opens after three failures in a row, for a second at first, twice as long each time, a minute at most. */
export function createBreaker(random: () => number): Breaker {
  let failures = 0;
  let openUntil = Number.NEGATIVE_INFINITY;
  return {
    state(now) {
      if (failures < TOLERATED) return 'closed';
      return now < openUntil ? 'open' : 'half_open';
    },
    failed(now) {
      // Asked before it opened, and answered after: one outage, told by many.
      if (failures >= TOLERATED && now < openUntil) return;
      failures++;
      if (failures >= TOLERATED) openUntil = now + backOffMs(failures - TOLERATED + 1, OPEN, random());
    },
    succeeded() {
      failures = 0;
    },
  };
}
