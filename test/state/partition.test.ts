import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeValue, partitionValues, plainPart, unescapeValue } from '../../src/state/partition.ts';

describe('a partition value', () => {
  it.each([
    ['mb-1_a.b~c+d e', 'mb-1_a.b~c+d e'],
    ['2025/03/04', '2025%2F03%2F04'],
    ['a=b', 'a%3Db'],
    ['10:38', '10%3A38'],
    ['100%', '100%25'],
    ['"#%\'*/:=?\\{[]^', '%22%23%25%27%2A%2F%3A%3D%3F%5C%7B%5B%5D%5E'],
    ['}<>|&$!', '}<>|&$!'],
    ['tab\there\x7f\x01', 'tab%09here%7F%01'],
    ['zürich \u{1f600}', 'zürich \u{1f600}'],
    ['', '__HIVE_DEFAULT_PARTITION__'],
  ])('%j is escaped as Hive does', (value, escaped) => {
    expect(escapeValue(value)).toBe(escaped);
    expect(unescapeValue(escaped)).toBe(value);
  });

  it('comes back from its path, and never opens another part of it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), fc.string({ unit: 'binary-ascii' }), (value, other) => {
        const path = `office/delta/batch=${escapeValue(value)}/x=${escapeValue(other)}/part-0.parquet`;
        expect(path.split('/')).toHaveLength(5);
        expect([...partitionValues(path)]).toEqual([
          ['batch', value],
          ['x', other],
        ]);
      }),
    );
  });

  it('that stands alone is not the folder above', () => {
    expect([plainPart('.'), plainPart('..'), plainPart('...'), plainPart('a/..')]).toEqual([
      '%2E',
      '%2E%2E',
      '...',
      'a%2F..',
    ]);
  });
});
