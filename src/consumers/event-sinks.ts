import type { EventFault, Events, StreamEvent } from './events.ts';

export interface EventSinksOptions {
  /** Times that an event is given to a sink at most. */
  readonly attempts: number;
  /** Before the second; doubled before each further one. */
  readonly firstDelayMs: number;
  /** After so long none is tried again: what asks for an answer has to go on. */
  readonly patienceMs: number;
  /** From 0 to 1: parts the retries of many who failed at the same time. */
  readonly chance: () => number;
}

const USUAL: EventSinksOptions = { attempts: 3, firstDelayMs: 200, patienceMs: 5_000, chance: Math.random };

/**
 * Gives events to every sink; none hears nothing, and one that fails keeps nothing from the others. What may pass is
 * given to its sink again, a few times.
 */
export function eventSinks(sinks: readonly Events[], options: EventSinksOptions = USUAL): Events {
  return {
    async publish(events) {
      if (events.length === 0) return [];
      return (await Promise.all(sinks.map((sink) => deliver(sink, events, options)))).flat();
    },
    async close() {
      await Promise.all(sinks.map((sink) => sink.close()));
    },
  };
}

async function deliver(
  sink: Events,
  events: readonly StreamEvent[],
  { attempts, firstDelayMs, patienceMs, chance }: EventSinksOptions,
): Promise<EventFault[]> {
  const final: EventFault[] = [];
  let due = events;
  const begun = performance.now();
  for (let attempt = 1; ; attempt++) {
    const faults = await sink.publish(due);
    const passing = faults.filter(({ mayPass }) => mayPass);
    final.push(...faults.filter(({ mayPass }) => !mayPass));
    if (passing.length === 0) return final;
    if (attempt >= attempts || performance.now() - begun >= patienceMs) return [...final, ...passing];
    due = passing.map(({ event }) => event);
    const delay = firstDelayMs * 2 ** (attempt - 1);
    await new Promise((resolve) => setTimeout(resolve, delay * (0.5 + chance() / 2)));
  }
}
