import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../src/config/canonical-json.ts';
import { manifestFolder, sha256Hex } from '../../src/state/manifest.ts';

describe('canonical JSON', () => {
  it('sorts keys at every depth, without blanks', () => {
    expect(canonicalJson({ b: [1, { z: null, a: 'x' }], a: { B: true, A: 0.5 }, é: -0 })).toBe(
      '{"a":{"A":0.5,"B":true},"b":[1,{"a":"x","z":null}],"é":0}',
    );
  });

  it('leaves out what is undefined', () => {
    expect(canonicalJson({ a: undefined, b: 1 })).toBe('{"b":1}');
  });

  it.each([
    [{ dq: { rejected: Number.NaN } }, '$.dq.rejected is NaN'],
    [{ list: [1, Number.POSITIVE_INFINITY] }, '$.list[1] is Infinity'],
    [[undefined], '$[0] is undefined'],
    [{ at: new Date(0) }, '$.at is'],
    [{ n: 1n }, '$.n is 1'],
  ])('refuses %o and says where', (value, where) => {
    expect(() => canonicalJson(value)).toThrow(where);
  });

  it('is JSON of the same value, whatever the order of the keys', () => {
    const reversed = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(reversed);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, member]) => [key, reversed(member)]),
      );
    };
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const plain = JSON.parse(JSON.stringify(value)) as unknown;
        expect(canonicalJson(reversed(plain))).toBe(canonicalJson(plain));
        expect(JSON.parse(canonicalJson(plain))).toEqual(plain);
      }),
    );
  });
});

it('digests as known', () => {
  expect(sha256Hex('{}')).toBe('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a');
});

it('lays manifests out by the end of their slice', () => {
  expect(manifestFolder('_batches', 'office', 'v1', Date.UTC(2025, 0, 1, 0, 8), 'a/b=c')).toBe(
    '_batches/office/feature_spec_version=v1/dt=2025-01-01/hh=00/mm=08/batch=a%2Fb%3Dc',
  );
});
