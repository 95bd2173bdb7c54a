import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openAnnouncer } from '../../src/consumers/announcing.ts';
import type { Events } from '../../src/consumers/events.ts';
import { type RecordedMetrics, recordedMetrics } from '../support/recorded-metrics.ts';
import { committed } from '../support/stream-events.ts';

const STREAM = { project: 'office', version: 'v1' };
const WELL: Events = { publish: async () => [], close: async () => {} };
const SILENT: Events = { publish: () => new Promise(() => {}), close: async () => {} };

let metrics: RecordedMetrics;
let warnings: string[];
beforeEach(() => {
  metrics = recordedMetrics();
  warnings = [];
});
afterEach(() => void vi.useRealTimers());
const told = (sink: string, outcome: string) => metrics.value('ndr_events_total', { sink, outcome });
const warn = (text: string): void => void warnings.push(text);

describe('what was done', () => {
  it('is told to every sink, and counted by sink', async () => {
    const refusing: Events = {
      publish: async (events) => events.map((event) => ({ event, why: 'too large', mayPass: false })),
      close: async () => {},
    };
    await openAnnouncer({ eventbridge: WELL, kafka: refusing }, metrics, warn).tell([committed(1), committed(2)]);
    expect(told('eventbridge', 'sent')).toBe(2);
    expect(told('eventbridge', 'failed')).toBeUndefined();
    expect(told('kafka', 'sent')).toBe(0);
    expect(told('kafka', 'failed')).toBe(2);
    expect(warnings).toEqual(Array(2).fill('events: too large; what was done stands in the batch index'));
  });

  it('keeps nobody waiting for a sink that is silent', async () => {
    vi.useFakeTimers();
    const telling = openAnnouncer({ eventbridge: WELL, kafka: SILENT }, metrics, warn).tell([committed(1)]);
    await vi.advanceTimersByTimeAsync(15_000);
    await telling;
    expect(told('eventbridge', 'sent')).toBe(1);
    expect(told('kafka', 'failed')).toBe(1);
    expect(warnings).toEqual([expect.stringContaining('no answer within 15 s')]);
  });

  it('and cannot be read is counted as not told', async () => {
    const index = { batch: async () => Promise.reject(new Error('the index is away')) } as never;
    const taken = { is: 'skipped', miniBatchId: 'b1', sliceEnd: 0, revision: 1, why: '' } as never;
    await openAnnouncer({ kafka: WELL }, metrics, warn).tellTaken(STREAM, taken, { index, lake: {} as never });
    expect(told('kafka', 'failed')).toBe(1);
    expect(warnings).toEqual([expect.stringContaining('b1: what to tell cannot be read: Error: the index is away')]);
  });

  it('asks nobody where there is no sink', async () => {
    await openAnnouncer({}, metrics, warn).tellTaken(STREAM, {} as never, {} as never);
    expect(warnings).toEqual([]);
  });
});
