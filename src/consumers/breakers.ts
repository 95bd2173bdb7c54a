import { Unavailable } from '../state/unavailable.ts';
import { type Breaker, type BreakerState, createBreaker } from './breaker.ts';

/** A breaker for each dependency that ever failed, by its system's name. */
export interface Breakers {
  /** Counts a failure, if a dependency caused it. */
  met(error: unknown): void;
  /** A dependency answers, or all do. */
  wentWell(system?: string): void;
  worst(): BreakerState;
  /** Systems whose breakers are not closed. */
  open(): readonly string[];
}

/** @param onOpen hears of a system whose breaker was closed until now */
export function createBreakers(clock: () => number, random: () => number, onOpen: (system: string) => void): Breakers {
  const breakers = new Map<string, Breaker>();
  return {
    met(error) {
      if (!(error instanceof Unavailable)) return;
      const breaker = breakers.get(error.system) ?? createBreaker(random);
      breakers.set(error.system, breaker);
      const wasClosed = breaker.state(clock()) === 'closed';
      breaker.failed(clock());
      if (wasClosed && breaker.state(clock()) !== 'closed') onOpen(error.system);
    },
    wentWell(one) {
      for (const [system, breaker] of breakers) if (one === undefined || one === system) breaker.succeeded();
    },
    worst() {
      const states = [...breakers.values()].map((breaker) => breaker.state(clock()));
      return states.includes('open') ? 'open' : states.includes('half_open') ? 'half_open' : 'closed';
    },
    open: () => [...breakers].flatMap(([system, breaker]) => (breaker.state(clock()) === 'closed' ? [] : [system])),
  };
}
