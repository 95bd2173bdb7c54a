import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { openArrays, writeArrays, writeWhole } from '../../src/jobs/scratch-arrays.ts';
import { openRun, writeRun } from '../../src/jobs/scratch-runs.ts';

const folder = mkdtempSync(join(tmpdir(), 'ndr-runs-'));
afterAll(() => rmSync(folder, { recursive: true }));

const number = fc.oneof(
  fc.constant(0),
  fc.nat(255),
  fc.nat(70_000),
  fc.integer({ min: 0, max: 2 ** 32 + 5 }),
  fc.double({ noNaN: false }),
  fc.constant(-1),
  fc.constant(Number.NaN),
);

describe('a run', () => {
  it('gives back every column of every bin', () => {
    let n = 0;
    const sketch = fc.array(fc.nat(5), { minLength: 1, maxLength: 5 }).chain((rows) =>
      fc.tuple(
        fc.constant(rows),
        fc.array(
          fc.array(fc.oneof(number, number), {
            minLength: rows.reduce((a, b) => a + b, 0),
            maxLength: rows.reduce((a, b) => a + b, 0),
          }),
          { minLength: 1, maxLength: 6 },
        ),
      ),
    );
    fc.assert(
      fc.property(sketch, ([rows, columns]) => {
        const path = join(folder, `run-${n++}`);
        writeRun(path, {
          told: { n },
          rows: Uint32Array.from(rows),
          texts: rows.map((_, bin) => [[`é ${bin}`], []]),
          columns: columns.length,
          columnOf: (c) => Float64Array.from(columns[c]!),
        });
        const run = openRun<{ n: number }>(path);
        expect(run.told).toEqual({ n });
        let first = 0;
        for (const [bin, length] of rows.entries()) {
          expect(run.rowsOf(bin)).toBe(length);
          expect(run.textsOf(bin)).toEqual([[`é ${bin}`], []]);
          for (const [c, values] of columns.entries()) {
            const read = run.column(bin, c);
            const own = values.slice(first, first + length).map((value) => value + 0);
            expect([...Array.from(read ?? new Float64Array(length), (value) => value + 0)]).toEqual(own);
          }
          first += length;
        }
        run.close();
      }),
    );
  });
});

describe('scratch files', () => {
  it('hold named arrays, of which parts can be read', () => {
    const path = join(folder, 'arrays');
    writeArrays(
      path,
      { a: 1 },
      { x: Uint8Array.of(1, 2, 3), y: Float64Array.of(0.5, Number.NaN), z: new Uint32Array(0) },
    );
    const file = openArrays<{ a: number }>(path);
    expect(file.told).toEqual({ a: 1 });
    expect(file.read('x', 'u8', 1, 3)).toEqual(Uint8Array.of(2, 3));
    expect(file.read('y', 'f64')).toEqual(Float64Array.of(0.5, Number.NaN));
    expect(file.read('z', 'u32')).toEqual(new Uint32Array(0));
    expect(() => file.read('x', 'f64')).toThrow(/no f64 array x/);
    file.close();
  });

  it('are whole or absent', () => {
    expect(() =>
      writeWhole(join(folder, 'half'), (put) => {
        put(Uint8Array.of(1));
        throw new Error('cut');
      }),
    ).toThrow('cut');
    expect(readdirSync(folder).filter((name) => name.startsWith('half'))).toEqual([]);
  });
});
