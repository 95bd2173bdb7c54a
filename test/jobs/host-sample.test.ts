import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleHosts } from '../../src/jobs/host-sample.ts';

const hosts = fc.uniqueArray(fc.ipV4(), { maxLength: 40 });

describe('a sample of hosts', () => {
  it('is some of them, as many as asked, the same for the same seed and in any order', () => {
    fc.assert(
      fc.property(hosts, fc.nat(50), fc.string(), (all, count, seed) => {
        const sample = sampleHosts(all, count, seed);
        expect(sample).toHaveLength(Math.min(count, all.length));
        expect(all).toEqual(expect.arrayContaining(sample));
        expect(sampleHosts(all.toReversed(), count, seed)).toEqual(sample);
      }),
    );
  });

  it('changes by one host at most where one host more is there', () => {
    fc.assert(
      fc.property(hosts, fc.ipV4(), fc.nat(20), (all, further, count) => {
        const before = sampleHosts(all, count, 's');
        const after = sampleHosts([...all, further], count, 's');
        expect(before.filter((host) => !after.includes(host)).length).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('differs by the seed', () => {
    const all = Array.from({ length: 100 }, (_, n) => `10.0.0.${n}`);
    expect(sampleHosts(all, 10, '1')).not.toEqual(sampleHosts(all, 10, '2'));
  });
});
