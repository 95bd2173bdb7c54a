import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPairPlaces } from '../../src/operators/pair-places.ts';

describe('the places of pairs', () => {
  it('are given in the order of their first coming, host after host', () => {
    const places = createPairPlaces();
    const pair = fc.tuple(fc.nat(40), fc.integer({ min: -1, max: 50 }));
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 300, size: 'max' }), pair, (pairs, other) => {
        places.clear();
        const known = new Map<string, number>();
        for (const [peer, port] of pairs) {
          const expected = known.get(`${peer} ${port}`) ?? known.size;
          expect(places.place(peer, port, () => known.size)).toBe(expected);
          known.set(`${peer} ${port}`, expected);
        }
        expect(places.find(...other)).toBe(known.get(other.join(' ')) ?? -1);
      }),
    );
  });

  it('hold many of them', () => {
    const places = createPairPlaces();
    let count = 0;
    for (let n = 0; n < 5_000; n++) places.place(n % 71, n, () => count++);
    for (let n = 0; n < 5_000; n++) expect(places.find(n % 71, n)).toBe(n);
  });
});
