import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../src/config/canonical-json.ts';

describe('canonicalJson', () => {
  it('orders members by code point and writes no blanks', () => {
    expect(canonicalJson({ b: [1, { d: null, c: 'x' }], a: true, B: undefined })).toBe(
      '{"a":true,"b":[1,{"c":"x","d":null}]}',
    );
    expect(() => canonicalJson([undefined])).toThrow('canonical JSON: $[0] is undefined');
    expect(() => canonicalJson({ a: Number.NaN })).toThrow('canonical JSON: $.a is NaN');
  });

  it('says the same as JSON, whatever the order of the members', () => {
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
      fc.property(fc.jsonValue(), (value) => {
        const plain: unknown = JSON.parse(JSON.stringify(value));
        expect(JSON.parse(canonicalJson(plain))).toEqual(plain);
        expect(canonicalJson(reversed(plain))).toBe(canonicalJson(plain));
      }),
    );
  });
});
