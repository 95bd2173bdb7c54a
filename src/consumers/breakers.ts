import { Refused } from '../state/refused.ts';
import { Unavailable } from '../state/unavailable.ts';
import { type Breaker, type BreakerState, createBreaker } from './breaker.ts';

/** What is not asked for a while. */
export interface HeldBack {
  /** Such as `S3`. */
  readonly system: string;
  /** The stream to which alone it is shut; null: to all. */
  readonly stream: string | null;
  /** What is refused, and the remedy; null: it does not answer. */
  readonly why: string | null;
}

/** Hears of what dependencies fail to do. */
export interface BreakerEars {
  readonly onOpen: (held: HeldBack) => void;
  readonly onRefused: (system: string) => void;
}

/** A breaker for each dependency that ever failed, and one for each stream that is refused what others are not. */
export interface Breakers {
  /** Counts a failure, if a dependency caused it. What is refused to one stream alone is counted for that one. */
  met(error: unknown, stream?: string): void;
  /** A dependency answers; it says nothing of what it allows to whom. */
  answered(system: string): void;
  /**
   * Asks a dependency for something, named by `what`. Where it was away, that it answers is enough; where it refused something, it
   * allows again what was asked, and nothing else.
   */
  ask<T>(system: string, what: string, work: () => Promise<T>): Promise<T>;
  /** A mini-batch of a stream ended: it was given all that it needed. */
  wentWell(stream: string): void;
  /** Of all dependencies. */
  worst(): BreakerState;
  /** Of what is refused to a stream and not to all. */
  ofStream(stream: string): BreakerState;
  /** What has a breaker that is not closed. */
  open(): readonly HeldBack[];
}

interface Counted {
  readonly breaker: Breaker;
  held: HeldBack;
}

export function createBreakers(clock: () => number, random: () => number, ears: BreakerEars): Breakers {
  const systems = new Map<string, Counted>();
  const streams = new Map<string, Counted>();
  /** How things were refused last. */
  const refusals = new Map<string, string>();
  const stateOf = ({ breaker }: Counted): BreakerState => breaker.state(clock());

  const failed = (counts: Map<string, Counted>, key: string, held: HeldBack): void => {
    const counted = counts.get(key) ?? { breaker: createBreaker(random), held };
    counts.set(key, counted);
    const wasClosed = stateOf(counted) === 'closed';
    counted.held = held;
    counted.breaker.failed(clock());
    if (wasClosed && stateOf(counted) !== 'closed') ears.onOpen(held);
  };

  return {
    met(error, stream) {
      if (error instanceof Unavailable) {
        const { system } = error;
        failed(systems, system, { system, stream: null, why: null });
      }
      if (!(error instanceof Refused)) return;
      const { system, isWhole, message: why } = error;
      ears.onRefused(system);
      if (isWhole) failed(systems, system, { system, stream: null, why });
      else if (stream !== undefined) failed(streams, stream, { system, stream, why });
    },
    answered: (system) => systems.get(system)?.breaker.succeeded(),
    async ask(system, what, work) {
      const key = `${system} ${what}`;
      try {
        const answer = await work();
        const counted = systems.get(system);
        if (counted !== undefined && (counted.held.why === null || counted.held.why === refusals.get(key)))
          counted.breaker.succeeded();
        return answer;
      } catch (error) {
        if (error instanceof Refused) refusals.set(key, error.message);
        throw error;
      }
    },
    wentWell(stream) {
      for (const { breaker } of systems.values()) breaker.succeeded();
      streams.get(stream)?.breaker.succeeded();
    },
    worst() {
      const states = [...systems.values()].map(stateOf);
      return states.includes('open') ? 'open' : states.includes('half_open') ? 'half_open' : 'closed';
    },
    ofStream(stream) {
      const counted = streams.get(stream);
      return counted === undefined ? 'closed' : stateOf(counted);
    },
    open: () =>
      [...systems.values(), ...streams.values()].flatMap((counted) =>
        stateOf(counted) === 'closed' ? [] : [counted.held],
      ),
  };
}
