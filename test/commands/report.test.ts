import { expect, it } from 'vitest';
import { duration, orderingLine, progressLine, takenJson } from '../../src/commands/report.ts';

it('progress tells rate and time left, by what had to be computed', () => {
  const progress = { done: 30, of: 100, computed: 10, computedMs: 20_000, lines: 1_000_000 };
  expect(progressLine(progress)).toBe('30 of 100 mini-batches, 50,000 lines/s, 2 min 20 s left');
  expect(progressLine({ ...progress, computed: 0, computedMs: 0, lines: 0 })).toBe('30 of 100 mini-batches');
});

it('putting in order tells rate and time left too', () => {
  expect(orderingLine(0, 690, 0)).toBe('putting mini-batches in order: 0 of 690');
  expect(orderingLine(30, 690, 2500)).toBe('putting mini-batches in order: 30 of 690, 12/s, 55 s left');
  expect(orderingLine(3, 690, 2000)).toBe('putting mini-batches in order: 3 of 690, 1.5/s, 7 min 38 s left');
});

it.each([
  [0, '0.0 s'],
  [9.94, '9.9 s'],
  [9.96, '10 s'],
  [59.6, '1 min 0 s'],
  [3599, '59 min 59 s'],
  [3 * 3600 + 125, '3 h 2 min'],
])('%f seconds are %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

it('results for programs are one line of snake case', () => {
  const sliceEnd = Date.UTC(2026, 2, 2, 10, 38);
  const taken = {
    is: 'skipped',
    miniBatchId: 'a',
    sliceEnd,
    revision: 2,
    why: 'its committed revision was computed from the same inputs',
  } as const;
  expect(JSON.parse(takenJson(taken))).toEqual({
    outcome: 'skipped',
    mini_batch_id: 'a',
    slice_end_ts: '2026-03-02T10:38:00Z',
    revision: 2,
    why: 'its committed revision was computed from the same inputs',
  });
  expect(JSON.parse(takenJson({ is: 'error', miniBatchId: 'b', error: new Error('the disk is full') }))).toEqual({
    outcome: 'error',
    mini_batch_id: 'b',
    why: 'the disk is full',
  });
});
