import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { narrowed, narrowedTimes, timeAt } from '../../src/operators/narrow.ts';

describe('a narrowed column', () => {
  it.each([
    [[], Uint8Array],
    [[0, 255], Uint8Array],
    [[0, 256], Uint16Array],
    [[65_536], Uint32Array],
    [[2 ** 32 - 1], Uint32Array],
    [[2 ** 32], Float64Array],
    [[0.5], Float64Array],
    [[-1], Float64Array],
    [[Number.NaN], Float64Array],
  ])('of %j takes the least room', (values, kind) => {
    const column = narrowed(Float64Array.from(values));
    expect(column).toBeInstanceOf(kind);
    expect([...column]).toEqual(values);
  });

  it('is the same column where it is narrow already', () => {
    const column = Uint8Array.of(1, 2);
    expect(narrowed(column)).toBe(column);
  });
});

describe('narrowed times', () => {
  const noon = Date.UTC(2026, 2, 2, 12);

  it('are the same instants', () => {
    const time = fc.oneof(
      fc.constant(Number.NaN),
      fc.integer({ min: -60, max: 60 }).map((day) => noon + day * 86_400_000),
      fc.integer({ min: 0, max: 900_000 }).map((ms) => noon + ms),
      fc.constantFrom(0, 0.5, -1, noon + 0.25),
    );
    fc.assert(
      fc.property(fc.array(time), (times) => {
        const narrow = narrowedTimes(Float64Array.from(times));
        expect(times.map((_, i) => timeAt(narrow, i))).toEqual(times);
        expect(narrowedTimes(narrow)).toEqual(narrow);
      }),
    );
  });

  it('of one slice take half the room', () => {
    const narrow = narrowedTimes(Float64Array.of(noon, Number.NaN, noon + 900_000));
    expect('origin' in narrow && narrow.after.BYTES_PER_ELEMENT).toBe(4);
  });
});
