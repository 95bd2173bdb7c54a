import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DatasetDiff, diffDataset, isEqual } from '../../src/jobs/dataset-diff.ts';
import type { Part } from '../../src/jobs/sorted-join.ts';
import { exactly, nearly } from '../../src/jobs/table-cells.ts';
import type { Schema, Table } from '../../src/operators/table.ts';

interface Row {
  readonly host: string;
  readonly port: number | null;
  readonly count: number;
  readonly label: string | null;
  readonly list: readonly number[] | null;
}

const SCHEMA: Schema = {
  host: { type: 'string', doc: '' },
  port: { type: 'int32', nullable: true, doc: '' },
  count: { type: 'double', doc: '' },
  label: { type: 'string', nullable: true, doc: '' },
  list: { type: 'list<double>', nullable: true, doc: '' },
};
const KEY = ['host', 'port'];

function tableOf(rows: readonly Row[]): Table {
  const texts = (values: readonly (string | null)[]) => {
    const distinct = [...new Set(values.filter((value) => value !== null))];
    return {
      codes: Int32Array.from(values, (value) => (value === null ? -1 : distinct.indexOf(value))),
      values: distinct,
    };
  };
  const lists = rows.map(({ list }) => list ?? []);
  return {
    schema: SCHEMA,
    length: rows.length,
    columns: {
      host: texts(rows.map(({ host }) => host)),
      port: Float64Array.from(rows, ({ port }) => port ?? Number.NaN),
      count: Float64Array.from(rows, ({ count }) => count),
      label: texts(rows.map(({ label }) => label)),
      list: {
        offsets: Uint32Array.from([0, ...lists.map((_, i) => lists.slice(0, i + 1).flat().length)]),
        values: Float64Array.from(lists.flat()),
        isNull: Uint8Array.from(rows, ({ list }) => (list === null ? 1 : 0)),
      },
    },
  };
}

/** Rows in the parts that `cuts` make of them. Equal parts have equal digests if `hasDigests`. */
function partsOf(rows: readonly Row[], cuts: readonly number[], hasDigests: boolean): Part[] {
  const ends = [...new Set([...cuts.map((cut) => cut % (rows.length + 1)), rows.length])].sort((a, b) => a - b);
  return ends.map((end, i) => {
    const own = rows.slice(ends[i - 1] ?? 0, end);
    const digest = hasDigests ? JSON.stringify(own) : null;
    return { rows: own.length, digest, source: `part ${i}`, open: async () => tableOf(own) };
  });
}

const keyOf = ({ host, port }: Row): string => `${host} ${port}`;

const row = fc.record({
  host: fc.constantFrom('10.0.0.1', '10.0.0.10', '10.0.0.2', '2001:db8::1', ''),
  port: fc.option(fc.integer({ min: 0, max: 4 }), { nil: null }),
  count: fc.integer({ min: 0, max: 2 }),
  label: fc.option(fc.constantFrom('a', 'b'), { nil: null }),
  list: fc.option(fc.array(fc.integer({ min: 0, max: 1 }), { maxLength: 2 }), { nil: null }),
});
const sortedRows = fc.uniqueArray(row, { selector: keyOf, maxLength: 14 }).map((rows) =>
  rows.sort((a, b) => {
    if (a.host !== b.host) return a.host < b.host ? -1 : 1;
    return (a.port ?? -1) - (b.port ?? -1);
  }),
);
const cuts = fc.array(fc.nat(20), { maxLength: 3 });
const OPTIONS = { key: KEY, same: exactly, mostRows: 100 };

/** What a comparison of two maps gives. */
function naiveDiff(a: readonly Row[], b: readonly Row[]) {
  const [left, right] = [new Map(a.map((one) => [keyOf(one), one])), new Map(b.map((one) => [keyOf(one), one]))];
  const cellsOf = (one: Row, other: Row): string[] =>
    (['count', 'label', 'list'] as const).filter((name) => JSON.stringify(one[name]) !== JSON.stringify(other[name]));
  const changed = a.map((one) => cellsOf(one, right.get(keyOf(one)) ?? one)).filter((cells) => cells.length > 0);
  return {
    rowsA: a.length,
    rowsB: b.length,
    added: b.filter((one) => !left.has(keyOf(one))).length,
    removed: a.filter((one) => !right.has(keyOf(one))).length,
    changed: changed.length,
    changedCells: changed.flat().length,
  };
}

const countsOf = ({ rowsA, rowsB, added, removed, changed, changedCells }: DatasetDiff) => ({
  rowsA,
  rowsB,
  added,
  removed,
  changed,
  changedCells,
});

describe('a comparison of two sides of a dataset', () => {
  it('finds what a comparison of maps finds, however the rows are cut into parts', async () => {
    await fc.assert(
      fc.asyncProperty(sortedRows, sortedRows, cuts, cuts, fc.boolean(), async (a, b, cutsA, cutsB, hasDigests) => {
        // Half of the rows of b come from a, or hardly any would be the same.
        const own = new Set(b.map(keyOf));
        const mixed = [...b, ...a.filter((one, i) => i % 2 === 0 && !own.has(keyOf(one)))].sort((x, y) =>
          x.host === y.host ? (x.port ?? -1) - (y.port ?? -1) : x.host < y.host ? -1 : 1,
        );
        const [left, right] = [partsOf(a, cutsA, hasDigests), partsOf(mixed, cutsB, hasDigests)];
        const diff = await diffDataset('d', left, right, OPTIONS);
        expect(countsOf(diff)).toEqual(naiveDiff(a, mixed));
        expect(diff.rows).toHaveLength(diff.added + diff.removed + diff.changed);
        expect(Object.values(diff.columns).reduce((sum, cells) => sum + cells, 0)).toBe(diff.changedCells);
      }),
      { numRuns: 150 },
    );
  });

  it('tells the first rows with both values, and counts the others', async () => {
    const a = [1, 2, 3].map((n): Row => ({ host: `h${n}`, port: null, count: n, label: null, list: [n] }));
    const b = a.map((one): Row => ({ ...one, count: one.count + 1 }));
    const diff = await diffDataset('d', partsOf(a, [], false), partsOf(b, [], false), { ...OPTIONS, mostRows: 1 });
    expect(diff).toMatchObject({ changed: 3, changedCells: 3, columns: { count: 3 } });
    expect(diff.rows).toEqual([
      { is: 'changed', key: { host: 'h1', port: null }, cells: { count: [1, 2] }, furtherCells: 0 },
    ]);
  });

  it('does not open parts of equal content', async () => {
    const rows: Row[] = [{ host: 'h', port: 1, count: 1, label: 'a', list: null }];
    const closed = partsOf(rows, [], true).map((part) => ({
      ...part,
      open: () => Promise.reject(new Error('opened')),
    }));
    const diff = await diffDataset('d', closed, closed, OPTIONS);
    expect({ equal: isEqual(diff), rows: diff.rowsB }).toEqual({ equal: true, rows: 1 });
  });

  it('names columns that only one side has', async () => {
    const table = tableOf([{ host: 'h', port: 1, count: 1, label: 'a', list: null }]);
    const { label: _, ...columns } = table.columns;
    const { label: __, ...schema } = table.schema;
    const part = (open: Table): Part => ({ rows: 1, digest: null, source: 'p', open: async () => open });
    const diff = await diffDataset('d', [part(table)], [part({ ...table, schema, columns })], OPTIONS);
    expect(diff).toMatchObject({ onlyInA: ['label'], onlyInB: [], changed: 0 });
    expect(isEqual(diff)).toBe(false);
  });

  it('refuses rows that are out of order, or stand twice', async () => {
    const at = (host: string): Row => ({ host, port: 1, count: 1, label: 'a', list: null });
    for (const rows of [
      [at('b'), at('a')],
      [at('a'), at('a')],
    ]) {
      for (const parts of [partsOf(rows, [], false), partsOf(rows, [1], false)])
        await expect(diffDataset('d', parts, [], OPTIONS)).rejects.toThrow(
          /part \d: row \d \(a, 1\) does not come after/,
        );
    }
  });
});

describe('numbers', () => {
  it('are nearly the same where only the order of additions differs', () => {
    expect(nearly(0.1 + 0.2, 0.3)).toBe(true);
    expect(nearly(1e12, 1e12 + 1)).toBe(false);
    expect(nearly(0.5, 0.500001)).toBe(false);
    expect(nearly(1, 1 - 1e-12)).toBe(true);
    expect(nearly(0, 1e-300)).toBe(false);
  });
});
