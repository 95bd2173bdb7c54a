import type { Items } from '../../src/state/items.ts';
import { Unavailable } from '../../src/state/unavailable.ts';

const MOST_TRIES = 12;

/** The same items, for who only looks on: asked again while their server, in a process with all others, has no time to answer. */
export function patientItems(items: Items): Items {
  const untilAnswered = async <T>(ask: () => Promise<T>): Promise<T> => {
    for (let tries = 1; ; tries++) {
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof Unavailable) || tries === MOST_TRIES) throw error;
      }
    }
  };
  return {
    ...items,
    get: (...key) => untilAnswered(() => items.get(...key)),
    keys: (...range) => untilAnswered(() => items.keys(...range)),
    async *query(...range) {
      yield* await untilAnswered(() => Array.fromAsync(items.query(...range)));
    },
  };
}
