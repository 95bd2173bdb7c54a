import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createCodePlaces } from '../../src/operators/code-places.ts';

it('gives every code one place, in the order of their coming, however many there are', () => {
  const code = fc.oneof(
    fc.nat(50),
    fc.maxSafeNat(),
    fc.nat(70_000).map((n) => n * 65_537),
  );
  fc.assert(
    fc.property(fc.array(fc.array(code, { maxLength: 3000 }), { minLength: 1, maxLength: 3 }), (rounds) => {
      const places = createCodePlaces();
      for (const codes of rounds) {
        places.clear();
        const expected = new Map<number, number>();
        for (const one of codes) {
          expect(places.find(one)).toBe(expected.get(one) ?? -1);
          if (!expected.has(one)) expected.set(one, expected.size);
          expect(places.place(one)).toBe(expected.get(one));
        }
        expect(places.count()).toBe(expected.size);
        for (const [one, place] of expected) expect(places.codeAt(place)).toBe(one);
      }
    }),
    { numRuns: 40 },
  );
});
