import { describe, expect, it } from 'vitest';
import { eventSinks } from '../../src/consumers/event-sinks.ts';
import type { Events, StreamEvent } from '../../src/consumers/events.ts';
import { committed } from '../support/stream-events.ts';

const OPTIONS = { attempts: 3, firstDelayMs: 1, patienceMs: 60_000, chance: () => 0.5 };
const idsOf = (events: readonly StreamEvent[]): string[] =>
  events.map((event) => ('mini_batch_id' in event ? event.mini_batch_id : event.event_type));

/** Fails what `fault` names, time by time, and keeps the rest. */
function sink(fault: (id: string, attempt: number) => 'passing' | 'lasting' | undefined) {
  const calls: string[][] = [];
  let isClosed = false;
  const events: Events = {
    async publish(given) {
      calls.push(idsOf(given));
      return given.flatMap((event) => {
        const kind = fault(idsOf([event])[0]!, calls.length);
        return kind === undefined ? [] : [{ event, why: kind, mayPass: kind === 'passing' }];
      });
    },
    async close() {
      isClosed = true;
    },
  };
  return { events, calls, isClosed: () => isClosed };
}

describe('sinks of events', () => {
  it('may be none', async () => {
    const events = eventSinks([], OPTIONS);
    expect(await events.publish([committed(1)])).toEqual([]);
    await events.close();
  });

  it('each hear everything, and are closed together', async () => {
    const [one, other] = [sink(() => undefined), sink(() => undefined)];
    const events = eventSinks([one.events, other.events], OPTIONS);
    expect(await events.publish([committed(1), committed(2)])).toEqual([]);
    expect(await events.publish([])).toEqual([]);
    expect(one.calls).toEqual([['mb-1', 'mb-2']]);
    expect(other.calls).toEqual([['mb-1', 'mb-2']]);
    await events.close();
    expect([one.isClosed(), other.isClosed()]).toEqual([true, true]);
  });

  it('are given again only what they did not take', async () => {
    const shaky = sink((id, attempt) => (id === 'mb-2' && attempt < 3 ? 'passing' : undefined));
    const sound = sink(() => undefined);
    expect(await eventSinks([shaky.events, sound.events], OPTIONS).publish([committed(1), committed(2)])).toEqual([]);
    expect(shaky.calls).toEqual([['mb-1', 'mb-2'], ['mb-2'], ['mb-2']]);
    expect(sound.calls).toHaveLength(1);
  });

  it('are given it a few times at most, and never what lasts', async () => {
    const broken = sink((id) => (id === 'mb-1' ? 'passing' : 'lasting'));
    const faults = await eventSinks([broken.events], OPTIONS).publish([committed(1), committed(2)]);
    expect(broken.calls).toEqual([['mb-1', 'mb-2'], ['mb-1'], ['mb-1']]);
    expect(faults.map(({ event, why }) => [idsOf([event])[0], why])).toEqual([
      ['mb-2', 'lasting'],
      ['mb-1', 'passing'],
    ]);
  });
});
