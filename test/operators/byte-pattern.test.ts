import fc from 'fast-check';
import { expect, it } from 'vitest';
import { matches, patternOf } from '../../src/operators/byte-pattern.ts';

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

it('matches where all its bytes stand, before the limit', () => {
  const bytes = fc.uint8Array({ minLength: 4, maxLength: 40, max: 3 });
  fc.assert(
    fc.property(bytes, bytes, fc.nat(6), fc.nat(60), (own, other, at, limit) => {
      const pattern = patternOf(viewOf(own), 0, own.length, 7);
      const there = new Uint8Array(at + other.length + 60);
      there.set(other, at);
      const stands = own.every((byte, i) => there[at + i] === byte);
      expect(matches(pattern, viewOf(there), at, limit)).toBe(stands && at + own.length <= limit);
      there.set(own, at);
      expect(matches(pattern, viewOf(there), at, there.length)).toBe(true);
      for (let i = 0; i < own.length; i++) {
        there[at + i]! ^= 4;
        expect(matches(pattern, viewOf(there), at, there.length)).toBe(false);
        there[at + i]! ^= 4;
      }
    }),
  );
});
