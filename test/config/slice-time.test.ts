import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolveBatchSpec } from '../../src/config/job-specs.ts';
import {
  eventEndRange,
  type SliceAnswer,
  type SliceEvidence,
  type SliceRules,
  settleSlice,
  sliceEndCeil,
  sliceEndOf,
  sliceRulesOf,
} from '../../src/config/slice-time.ts';

const MINUTES = [8, 23, 38, 53];
const at = (text: string): number => Date.parse(text);
const iso = (ms: number): string => new Date(ms).toISOString();

describe('sliceEndOf', () => {
  it.each([
    ['2025-01-02T10:40:05Z', '2025-01-02T10:38:00.000Z'],
    ['2025-01-02T10:38:00Z', '2025-01-02T10:38:00.000Z'],
    ['2025-01-02T10:37:59.999Z', '2025-01-02T10:23:00.000Z'],
    ['2025-01-02T10:05:00Z', '2025-01-02T09:53:00.000Z'],
    ['2025-01-02T10:07:59Z', '2025-01-02T09:53:00.000Z'],
    ['2025-01-02T10:08:00Z', '2025-01-02T10:08:00.000Z'],
    ['2025-01-01T00:00:00Z', '2024-12-31T23:53:00.000Z'],
  ])('%s → %s', (ts, end) => expect(iso(sliceEndOf(at(ts), MINUTES))).toBe(end));

  it('goes by other minutes', () => {
    expect(iso(sliceEndOf(at('2025-01-02T10:14:59Z'), [0, 15, 30, 45]))).toBe('2025-01-02T10:00:00.000Z');
  });

  it('is the greatest slice end at or before any time, and its ceiling the least at or after', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), (ts) => {
        const end = sliceEndOf(ts, MINUTES);
        expect(MINUTES).toContain(new Date(end).getUTCMinutes());
        expect(Math.abs(end % 60_000)).toBe(0);
        expect(ts - end).toBeGreaterThanOrEqual(0);
        expect(ts - end).toBeLessThan(900_000);
        const ceiling = sliceEndCeil(ts, MINUTES);
        expect(ceiling).toBe(ts === end ? end : end + 900_000);
      }),
    );
  });
});

describe('settleSlice', () => {
  const now = at('2025-01-02T10:45:00Z');
  const rules = (given: Partial<SliceRules> = {}): SliceRules => ({
    sliceTime: 'auto',
    idPattern: null,
    floorMinutes: MINUTES,
    now,
    ...given,
  });
  const evidence = (given: Partial<SliceEvidence> = {}): SliceEvidence => ({
    folderName: 'mb-1',
    pathDate: '2025-01-02',
    ...given,
  });
  const why = (answer: SliceAnswer): string => (answer.is === 'fault' ? answer.why : answer.is);
  const read = (answer: SliceAnswer): string[] =>
    answer.is === 'settled'
      ? [answer.slice.source, iso(answer.slice.sliceStart), iso(answer.slice.sliceEnd), iso(answer.slice.ts)]
      : [why(answer)];

  it('takes the event: 10:40:05 closes (10:23, 10:38]', () => {
    expect(settleSlice(evidence({ eventTime: at('2025-01-02T10:40:05Z') }), rules())).toEqual({
      is: 'settled',
      slice: {
        ts: at('2025-01-02T10:40:05Z'),
        sliceStart: at('2025-01-02T10:23:00Z'),
        sliceEnd: at('2025-01-02T10:38:00Z'),
        batchStart: at('2025-01-02T10:38:00Z'),
        batchEnd: at('2025-01-02T10:40:05Z'),
        source: 'event',
      },
    });
  });

  it('prefers a time given by hand, then the event, then the queue', () => {
    const times = { at: at('2025-01-01T00:10:00Z'), eventTime: at('2025-01-02T10:40:05Z'), sentTime: now };
    expect(read(settleSlice(evidence(times), rules()))[0]).toBe('at');
    expect(read(settleSlice(evidence({ ...times, at: null }), rules()))[0]).toBe('event');
    expect(read(settleSlice(evidence({ sentTime: now, eventTime: null }), rules()))[0]).toBe('sent');
  });

  it('reads the folder name where there is a pattern', () => {
    const named = evidence({ folderName: 'fw-20250102T1038-a1' });
    const answer = settleSlice(named, rules({ idPattern: '{yyyy}{mm}{dd}T{HH}{MM}' }));
    expect(read(answer)).toEqual([
      'id_pattern',
      '2025-01-02T10:23:00.000Z',
      '2025-01-02T10:38:00.000Z',
      '2025-01-02T10:38:00.000Z',
    ]);
    const byClock = settleSlice(evidence({ folderName: '1105' }), rules({ idPattern: '{HH}{MM}' }));
    expect(read(byClock)[3]).toBe('2025-01-02T11:05:00.000Z');
  });

  it('says what is wrong with a name', () => {
    const pattern = rules({ sliceTime: 'id_pattern', idPattern: '{yyyy}{mm}{dd}T{HH}{MM}' });
    expect(why(settleSlice(evidence({ folderName: 'mb-1' }), pattern))).toBe(
      'the folder\'s name "mb-1" does not hold input.id_pattern "{yyyy}{mm}{dd}T{HH}{MM}"; correct the pattern, or give when it was delivered, which is after its last record, with --at',
    );
    expect(why(settleSlice(evidence({ folderName: '20250230T1038' }), pattern))).toContain('no time of the calendar');
    expect(why(settleSlice(evidence({ folderName: '20250102T2460' }), pattern))).toContain('no time of the calendar');
    expect(why(settleSlice(evidence({ folderName: '9920250102T1038' }), pattern))).toContain('does not hold');
    expect(why(settleSlice(evidence(), rules({ sliceTime: 'id_pattern' })))).toContain('input.id_pattern is not set');
  });

  it('goes by the newest file for folders of the last day', () => {
    expect(settleSlice(evidence(), rules())).toEqual({ is: 'needs', what: 'lastModified' });
    const lastModified = at('2025-01-02T10:39:00Z');
    expect(read(settleSlice(evidence({ lastModified }), rules()))).toEqual([
      'last_modified',
      '2025-01-02T10:23:00.000Z',
      '2025-01-02T10:38:00.000Z',
      '2025-01-02T10:39:00.000Z',
    ]);
    expect(why(settleSlice(evidence({ pathDate: '2025-01-01' }), rules()))).toBe('needs');
    expect(why(settleSlice(evidence({ lastModified: null }), rules()))).toContain('has no data file');
  });

  it('names both dates where the newest file is not of the path’s day', () => {
    const copied = evidence({ pathDate: '2024-06-01', lastModified: at('2025-01-02T10:39:00Z') });
    expect(why(settleSlice(copied, rules({ sliceTime: 'last_modified' })))).toBe(
      'mini-batch mb-1 lies under 2024-06-01, but its newest file is of 2025-01-02T10:39:00Z, more than a day apart; ' +
        'set input.slice_time to max_event_end or input.id_pattern, or give when it was delivered, which is after its last record, with --at',
    );
    const near = evidence({ pathDate: '2025-01-01', lastModified: at('2025-01-02T23:59:59Z') });
    expect(settleSlice(near, rules({ sliceTime: 'last_modified' })).is).toBe('settled');
    const beyond = evidence({ pathDate: '2025-01-01', lastModified: at('2025-01-03T00:00:00Z') });
    expect(settleSlice(beyond, rules({ sliceTime: 'last_modified' })).is).toBe('fault');
  });

  it('goes by the newest event_end for older folders, rounded up', () => {
    const old = evidence({ pathDate: '2024-06-01' });
    expect(settleSlice(old, rules())).toEqual({ is: 'needs', what: 'maxEventEnd' });
    const settled = (maxEventEnd: string) => read(settleSlice({ ...old, maxEventEnd: at(maxEventEnd) }, rules()));
    expect(settled('2024-06-01T10:24:00Z')).toEqual([
      'max_event_end',
      '2024-06-01T10:23:00.000Z',
      '2024-06-01T10:38:00.000Z',
      '2024-06-01T10:38:00.000Z',
    ]);
    expect(settled('2024-06-01T10:38:00Z')[2]).toBe('2024-06-01T10:38:00.000Z');
    expect(settled('2024-06-01T10:38:00.001Z')[2]).toBe('2024-06-01T10:53:00.000Z');
    expect(settled('2030-01-01T00:00:00Z')[0]).toContain(
      'lies under 2024-06-01, but its newest event_end is 2030-01-01T00:00:00Z',
    );
    expect(why(settleSlice({ ...old, maxEventEnd: { none: 'no file has a record' } }, rules()))).toBe(
      'mini-batch mb-1: no file has a record',
    );
    expect(settleSlice(evidence({ pathDate: null }), rules())).toEqual({ is: 'needs', what: 'maxEventEnd' });
  });

  it('does not take a time that is no instant', () => {
    expect(why(settleSlice(evidence({ at: Number.NaN }), rules()))).toBe('the time NaN (at) is no instant');
  });

  it('counts the event_end of records near the path’s date only', () => {
    expect(eventEndRange('2025-01-02')).toEqual({ from: at('2025-01-01T00:00:00Z'), to: at('2025-01-04T00:00:00Z') });
    expect(eventEndRange(null)).toEqual({ from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY });
  });

  it('lets the delta spec win over the settings', () => {
    const usual = { 'input.slice_time': 'last_modified', 'input.id_pattern': '{HH}{MM}' } as const;
    const spec = (input: object) =>
      resolveBatchSpec({ project: 'default', version: 'v1', items: [{ job_name: 'delta_builder', spec: { input } }] });
    expect(sliceRulesOf(spec({}), usual)).toEqual({
      sliceTime: 'last_modified',
      idPattern: '{HH}{MM}',
      floorMinutes: MINUTES,
    });
    expect(sliceRulesOf(spec({ slice_time: 'auto', id_pattern: '{HH}-{MM}' }), usual)).toMatchObject({
      sliceTime: 'auto',
      idPattern: '{HH}-{MM}',
    });
  });
});
