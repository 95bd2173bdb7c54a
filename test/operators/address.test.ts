import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fnv1a,
  formatAddress,
  formatIpv4,
  formatIpv6,
  ipv4OfTextOrder,
  maskIpv4,
  maskIpv6,
  parseAddress,
  textOrderOfIpv4,
} from '../../src/operators/address.ts';
import { parseAddress as judge } from '../oracle/addresses.ts';

const canonical = (text: string): string | undefined => {
  const address = parseAddress(text);
  return address === undefined ? undefined : formatAddress(address);
};
const ipv4 = fc.integer({ min: 0, max: 0xffffffff });
const groups = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), { minLength: 8, maxLength: 8 });

describe('the canonical text', () => {
  it.each([
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['10.20.30.40', '10.20.30.40'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['2001:0DB8:0000:0000:0000:0000:0002:0001', '2001:db8::2:1'],
    ['2001:db8::0:1', '2001:db8::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['0:0:1:0:0:0:1:0', '0:0:1::1:0'],
    ['1:0:0:2:0:0:0:0', '1:0:0:2::'],
    ['FE80::AbCd', 'fe80::abcd'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['::192.0.2.1', '::c000:201'],
    ['::ffff:192.0.2.128', '192.0.2.128'],
    ['::FFFF:c000:0280', '192.0.2.128'],
    ['0:0:0:0:0:ffff:10.1.2.3', '10.1.2.3'],
    ['::ffff:0:0', '0.0.0.0'],
    ['::fffe:10.1.2.3', '::fffe:a01:203'],
    ['::1:ffff:a01:203', '::1:ffff:a01:203'],
  ])('of %s is %s', (text, expected) => {
    expect(canonical(text)).toBe(expected);
  });

  it.each([
    ...[
      '',
      ' ',
      '.',
      '...',
      '1',
      '1.2.3',
      '1.2.3.4.5',
      '1.2.3.',
      '.1.2.3',
      '1..2.3',
      '1.2.3.256',
      '1.2.3.999',
      '1.2.3.1000',
    ],
    ...[
      '01.2.3.4',
      '1.2.3.00',
      '1.2.3.004',
      '0x1.2.3.4',
      '1.2.3.-4',
      '1.2.3.4 ',
      ' 1.2.3.4',
      '1.2.3.4/32',
      '1.2.3.4:80',
      '１.2.3.4',
    ],
    ...[
      ':',
      ':::',
      '1',
      'a',
      '1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8:9',
      '1::2::3',
      '::1::',
      '1:2:3:4::5:6:7:8',
      '12345::',
      'g::',
      ':1',
      '1:',
    ],
    ...[
      '::1%eth0',
      'fe80::1%1',
      '::1/128',
      '[::1]',
      ' ::1',
      '::1 ',
      '::1.2.3',
      '::1.2.3.256',
      '::01.2.3.4',
      '1.2.3.4::',
      '::1.2.3.4:5',
    ],
    ...[
      '::ffff:1.2.3.4%eth0',
      '0:0:0:0:0:0:0:1.2.3.4',
      '1:2:3:4:5:6:7:8::',
      '::1:2:3:4:5:6:7:8',
      '-1::',
      '+1::',
      '1_0::',
    ],
  ])('of %j does not exist', (text) => {
    expect(canonical(text)).toBeUndefined();
  });

  it('is its own canonical text', () => {
    fc.assert(
      fc.property(ipv4, (value) => {
        expect(parseAddress(formatIpv4(value))).toEqual({ family: 4, value });
      }),
    );
    fc.assert(
      fc.property(groups, (own) => {
        const full = own.map((group) => group.toString(16).padStart(4, '0')).join(':');
        const text = canonical(full)!;
        expect(text).toBe(judge(full)?.text);
        expect(canonical(text)).toBe(text);
        if (text.includes(':'))
          expect([formatIpv6(own), parseAddress(text)]).toEqual([text, { family: 6, groups: own }]);
      }),
    );
  });

  it('is what the judge makes of it, of text of its characters', () => {
    const pieces = fc.constantFrom(
      '0',
      '1',
      '00',
      '255',
      '256',
      'ffff',
      'F',
      '::',
      ':',
      ':',
      '.',
      '.',
      '%',
      ' ',
      '10.0.0.1',
      'db8',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 16, size: 'max' }), (parts) => {
        const text = parts.join('');
        expect(canonical(text)).toBe(judge(text)?.text);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('the text order of IPv4', () => {
  it.each([
    ['1.1.1.1', '10.1.1.1'],
    ['10.1.1.1', '2.1.1.1'],
    ['10.0.0.10', '10.0.0.2'],
    ['10.0.0.100', '10.0.0.11'],
    ['9.255.255.255', '90.0.0.0'],
    ['199.0.0.0', '2.0.0.0'],
  ])('%s stands before %s', (first, second) => {
    const orderOf = (text: string): number => {
      const address = parseAddress(text);
      return address?.family === 4 ? textOrderOfIpv4(address.value) : Number.NaN;
    };
    expect(first < second).toBe(true);
    expect(orderOf(first)).toBeLessThan(orderOf(second));
  });

  it('is the order of the texts, and can be undone', () => {
    const octet = fc.constantFrom(0, 1, 2, 9, 10, 11, 19, 20, 25, 99, 100, 101, 199, 200, 249, 250, 255);
    const near = fc.tuple(octet, octet, octet, octet).map(([a, b, c, d]) => ((a * 256 + b) * 256 + c) * 256 + d);
    const any = fc.oneof(ipv4, near);
    fc.assert(
      fc.property(any, any, (a, b) => {
        const [left, right] = [formatIpv4(a), formatIpv4(b)];
        const byText = left < right ? -1 : left > right ? 1 : 0;
        expect(Math.sign(textOrderOfIpv4(a) - textOrderOfIpv4(b))).toBe(byText);
        expect(ipv4OfTextOrder(textOrderOfIpv4(a))).toBe(a);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('masks', () => {
  it.each([
    [0, '0.0.0.0'],
    [1, '128.0.0.0'],
    [8, '203.0.0.0'],
    [25, '203.0.113.128'],
    [31, '203.0.113.254'],
    [32, '203.0.113.255'],
  ])('keep %i bits of IPv4', (length, expected) => {
    expect(formatIpv4(maskIpv4(0xcb0071ff, length))).toBe(expected);
  });

  it.each([
    [0, '::'],
    [1, '8000::'],
    [17, 'ffff:8000::'],
    [64, 'ffff:ffff:ffff:ffff::'],
    [127, 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe'],
    [128, 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ])('keep %i bits of IPv6', (length, expected) => {
    expect(formatIpv6(maskIpv6(new Array<number>(8).fill(0xffff), length))).toBe(expected);
  });
});

// Published test vectors of FNV-1a with 32 bits.
it.each([
  ['', 0x811c9dc5],
  ['a', 0xe40c292c],
  ['b', 0xe70c2de5],
  ['foobar', 0xbf9cf968],
])('the hash of %j is %i', (text, hash) => {
  expect(fnv1a(text)).toBe(hash);
});
