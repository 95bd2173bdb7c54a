import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Events, type StreamEvent, writeEvent } from '../../src/consumers/events.ts';
import { committed, failed } from '../support/stream-events.ts';

export interface OpenEvents {
  readonly events: Events;
  /** The JSON of what came since it was last asked; waits until that are so many. */
  hear(atLeast: number): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** What every way to tell events promises. `open` gives one on which nothing was told yet. */
export function eventsSuite(name: string, open: () => Promise<OpenEvents>): void {
  describe(`${name} keeps the promises of events`, () => {
    let opened: OpenEvents | undefined;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(async () => {
      await opened?.events.close();
      await opened?.close();
    });
    /** Tells events, and gives what came. */
    const tell = async (events: readonly StreamEvent[]): Promise<string[]> => {
      expect(await opened!.events.publish(events)).toEqual([]);
      return [...(await opened!.hear(events.length))];
    };
    const written = (events: readonly StreamEvent[]): string[] => events.map((event) => writeEvent(event).json).sort();

    it('tells an event as it is written', async () => {
      const events = [committed(1), failed('mini-batch mb-é: "quoted" \\ 😀\n')];
      expect((await tell(events)).sort()).toEqual(written(events));
    });

    it('tells many at once', async () => {
      const events = Array.from({ length: 37 }, (_, n) => committed(100 + n));
      expect((await tell(events)).sort()).toEqual(written(events));
    });

    it('tells long ones, and more of them than one call holds', async () => {
      const rows = Object.fromEntries(
        Array.from({ length: 2_000 }, (_, n) => [`a-dataset-with-a-rather-long-name-${n}`, n]),
      );
      const events = Array.from({ length: 5 }, (_, n) => committed(200 + n, { rows }));
      expect((await tell(events)).sort()).toEqual(written(events));
    });

    it('tells again what is told again, by the same id', async () => {
      const [first, second] = [await tell([committed(300)]), await tell([committed(300)])];
      expect(second).toEqual(first);
      expect(JSON.parse(first[0]!)).toMatchObject({
        event_id: writeEvent(committed(300)).id,
        event_type: 'BatchCommitted',
      });
    });

    it('tells nothing of nothing', async () => {
      expect(await tell([])).toEqual([]);
    });
  });
}

/** Of a list that grows, what is new since the last time. */
export function sinceLast(all: () => readonly string[]): () => readonly string[] {
  let known = 0;
  return () => {
    const fresh = all().slice(known);
    known += fresh.length;
    return fresh;
  };
}

/** Asks until so much has come, or for half a minute. */
export async function waitFor(
  atLeast: number,
  more: () => readonly string[] | Promise<readonly string[]>,
): Promise<string[]> {
  const heard: string[] = [];
  for (let left = 300; ; left--) {
    heard.push(...(await more()));
    if (heard.length >= atLeast || left === 0) return heard;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
