import fc from 'fast-check';
import { ByteWriter } from 'hyparquet-writer';
import { writeRleBitPackedHybrid } from 'hyparquet-writer/src/encoding.js';
import { expect, it } from 'vitest';
import { hybridBlock } from '../../src/state/parquet-hybrid.ts';

/** Values below 2 ** bits: runs of one value, long and short, between others. */
const valuesOf = (bits: number) =>
  fc
    .array(
      fc.record({
        value: fc.nat(2 ** bits - 1),
        times: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 9 }), fc.nat(300)),
      }),
      { maxLength: 120 },
    )
    .map((runs) => runs.flatMap(({ value, times }) => new Array<number>(times).fill(value)));

it('lays runs and groups out as hyparquet-writer does', () => {
  const block = fc
    .integer({ min: 1, max: 24 })
    .chain((bits) => fc.record({ bits: fc.constant(bits), values: valuesOf(bits), room: fc.nat(5) }));
  fc.assert(
    fc.property(block, ({ bits, values, room }) => {
      const expected = new ByteWriter();
      writeRleBitPackedHybrid(expected, values, bits);
      const written = hybridBlock(Int32Array.from(values), bits, room);
      expect([...written.subarray(0, room)]).toEqual(new Array(room).fill(0));
      expect([...written.subarray(room)]).toEqual([...expected.getBytes()]);
    }),
    { numRuns: 500 },
  );
});

it('packs three values of three bits into one group', () => {
  expect([...hybridBlock(Uint8Array.of(1, 2, 3), 3, 0)]).toEqual([0b11, 0b11_010_001, 0, 0]);
});

it('writes nine equal values as a run', () => {
  expect([...hybridBlock(new Int32Array(9).fill(0x1_02), 9, 1)]).toEqual([0, 18, 0x02, 0x01]);
});
