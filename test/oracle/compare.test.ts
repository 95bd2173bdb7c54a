import { describe, expect, it } from 'vitest';
import { compareRows } from './compare.ts';

describe('compareRows', () => {
  it('finds nothing where rows agree in any order and any number type', () => {
    const expected = [
      { id: 'a', n: 5, x: 0.1, at: 1_000, list: [1, 2.5], none: null },
      { id: 'b', n: 0, x: 0, at: 0, list: [], none: null },
    ];
    const actual = [
      { id: 'b', n: 0n, x: -0, at: new Date(0), list: new Float64Array(0), none: undefined, more: 1 },
      { id: 'a', n: 5n, x: 0.1 * (1 + 1e-12), at: new Date(1_000), list: Float64Array.of(1, 2.5), none: null },
    ];
    expect(compareRows(expected, actual, ['id'])).toEqual([]);
  });

  it('names missing rows, extra rows, missing columns, rows that come twice and both values of a differing cell', () => {
    const faults = compareRows(
      [
        { id: 'a', x: 1 },
        { id: 'b', x: 2 },
        { id: 'c', x: 3 },
      ],
      [{ id: 'a', x: 1.5 }, { id: 'c' }, { id: 'd', x: 4 }, { id: 'd', x: 4 }],
      ['id'],
    );
    expect(faults).toEqual([
      'id="d": twice among the actual rows',
      'id="a": x expected 1, got 1.5',
      'id="b": row missing',
      'id="c": column x missing, expected 3',
      'id="d": row not expected',
    ]);
  });

  it('lets whole numbers differ by nothing, other numbers by the tolerance, and null from everything', () => {
    const cell = (left: unknown, right: unknown): number =>
      compareRows([{ id: 1, v: left }], [{ id: 1n, v: right }], ['id']).length;
    expect(cell(10_000_000_000, 10_000_000_001)).toBe(1);
    expect(cell(0.5, 0.5 + 1e-8)).toBe(1);
    expect(cell(0.5, 0.5 + 1e-11)).toBe(0);
    expect(cell(null, 0)).toBe(1);
    expect(cell(0, null)).toBe(1);
    expect(cell([1, 2], [1, 2, 3])).toBe(1);
    expect(cell('1', 1)).toBe(1);
  });

  it('lists at most twenty faults and counts the rest', () => {
    const rows = Array.from({ length: 30 }, (_, id) => ({ id }));
    const faults = compareRows(rows, [], ['id']);
    expect(faults).toHaveLength(21);
    expect(faults.at(-1)).toBe('and 10 more');
  });
});
