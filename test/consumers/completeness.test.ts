import { describe, expect, it } from 'vitest';
import { judgeCompleteness, signatureOf } from '../../src/consumers/completeness.ts';

const QUIET = { marker: null, settleMs: 60, maxWaitMs: 600 };
const MARKED = { ...QUIET, marker: '_SUCCESS' };
const judge = (
  arrived: readonly number[],
  seen: { hasMarker?: boolean; knownSince?: number; waitingSince?: number; now: number },
  rules: typeof QUIET | typeof MARKED = QUIET,
) =>
  judgeCompleteness(
    arrived.map((arrivedMs) => ({ arrivedMs })),
    { hasMarker: false, knownSince: 0, waitingSince: null, ...seen },
    rules,
  );

describe('a folder is complete', () => {
  it('without a marker when its newest file is old enough', () => {
    expect(judge([1000, 1100], { now: 1159 })).toEqual({ is: 'arriving' });
    expect(judge([1000, 1100], { now: 1160 })).toEqual({ is: 'complete' });
  });

  it('with a marker when that is there, however young or few its files are', () => {
    expect(judge([1000], { now: 1500 }, MARKED)).toEqual({ is: 'arriving' });
    expect(judge([1000], { now: 1000, hasMarker: true }, MARKED)).toEqual({ is: 'complete' });
    expect(judge([], { now: 1000, hasMarker: true }, MARKED)).toEqual({ is: 'complete' });
  });

  it('as it is when it has waited long enough, which says why', () => {
    expect(judge([1000, 1590], { now: 1600 })).toMatchObject({ is: 'overdue' });
    expect(judge([1000], { now: 1600 }, MARKED)).toMatchObject({ is: 'overdue' });
    const { why } = judge([1000], { now: 601_000 }, MARKED) as { why: string };
    expect(why).toBe('taken as it is after 600 s: _SUCCESS did not come');
  });

  it('without files waits since it is known', () => {
    expect(judge([], { now: 1599, knownSince: 1000 })).toEqual({ is: 'arriving' });
    expect(judge([], { now: 1600, knownSince: 1000 })).toMatchObject({ is: 'overdue' });
  });

  it('that ended before waits for what came since, as long as for its first files', () => {
    expect(judge([1000, 9000], { now: 9001, waitingSince: 9001 })).toEqual({ is: 'arriving' });
    expect(judge([1000, 9000], { now: 9060, waitingSince: 9001 })).toEqual({ is: 'complete' });
    expect(judge([1000, 9590], { now: 9600, waitingSince: 9001 })).toEqual({ is: 'arriving' });
    expect(judge([1000, 9590], { now: 9601, waitingSince: 9001 })).toMatchObject({ is: 'overdue' });
  });
});

it('a signature tells other names, sizes, times and contents from the same ones', () => {
  const file = { name: 'a', path: '/x/a', size: 1, modifiedMs: 2, arrivedMs: 3 };
  const one = signatureOf([file]);
  expect(signatureOf([{ ...file, arrivedMs: 99, path: '/y/a' }])).toBe(one);
  const others = [{ name: 'b' }, { size: 2 }, { modifiedMs: 3 }, { etag: 'e' }].map((change) =>
    signatureOf([{ ...file, ...change }]),
  );
  expect(new Set([one, ...others, signatureOf([]), signatureOf([file, file])]).size).toBe(7);
});
