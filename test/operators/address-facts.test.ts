import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fnv1a, parseAddress } from '../../src/operators/address.ts';
import { createAddressBook, mergeBooks, textOf } from '../../src/operators/address-book.ts';
import { factsOf, segmentIdsOf, shardsOf } from '../../src/operators/address-facts.ts';
import { contains, networkOf, parseNetwork } from '../../src/operators/networks.ts';
import { judgeEndpoint } from '../oracle/addresses.ts';
import type { OracleParameters } from '../oracle/oracle.ts';
import { settle } from '../oracle/parameters.ts';
import { placesFor } from './product-options.ts';

/** What is known of addresses, by text; malformed ones are kept. */
function look(texts: readonly string[], parameters: OracleParameters = {}) {
  const book = createAddressBook(true);
  for (const text of texts) book.idOfText(text);
  const { list } = mergeBooks([book.contents()]);
  const places = placesFor(parameters);
  const facts = factsOf(list, places);
  const segmentOf = segmentIdsOf(list, facts, places.segmentMapping);
  return Array.from({ length: list.count }, (_, id) => ({
    text: textOf(list, id),
    isHost: facts.isHost[id] === 1,
    isInternal: facts.isInternal[id] === 1,
    isHighRisk: facts.isHighRisk[id] === 1,
    segment: segmentOf(facts.segment[id]!),
    number: facts.segment[id]!,
  }));
}

const one = (text: string, parameters: OracleParameters = {}) => {
  const { isHost, isInternal, segment } = look([text], parameters)[0]!;
  return [isHost, isInternal, segment];
};

describe('a host', () => {
  it.each([
    ['10.0.0.1', [true, true, '10.0.0.0/24']],
    ['10.0.0.0', [true, true, '10.0.0.0/24']],
    ['10.0.0.255', [false, true, '10.0.0.0/24']],
    ['172.16.0.1', [true, true, '172.16.0.0/24']],
    ['172.31.255.254', [true, true, '172.31.255.0/24']],
    ['172.32.0.1', [false, false, '172.32.0.0/24']],
    ['192.168.1.1', [true, true, '192.168.1.0/24']],
    ['100.64.0.1', [true, true, '100.64.0.0/24']],
    ['100.128.0.1', [false, false, '100.128.0.0/24']],
    ['8.8.8.8', [false, false, '8.8.8.0/24']],
    ['224.0.0.251', [false, false, '224.0.0.0/24']],
    ['fd12:3456::1', [true, true, 'fd12:3456::/64']],
    ['fe80::1', [true, true, 'fe80::/64']],
    ['febf:ffff::1', [true, true, 'febf:ffff::/64']],
    ['fec0::1', [false, false, 'fec0::/64']],
    ['2001:db8::1', [false, false, '2001:db8::/64']],
    ['ff02::fb', [false, false, 'ff02::/64']],
    ['proxy', [false, false, 'SEG_UNKNOWN']],
    ['', [false, false, 'SEG_UNKNOWN']],
  ])('%j by the usual networks', (text, expected) => {
    expect(one(text)).toEqual(expected);
  });

  it.each([
    ['8.8.8.8', true],
    ['2001:db8::1', true],
    ['0.0.0.1', true],
    ['0.0.0.0', false],
    ['127.0.0.1', false],
    ['127.255.255.254', false],
    ['224.0.0.1', false],
    ['239.255.255.250', false],
    ['240.0.0.1', true],
    ['255.255.255.255', false],
    ['203.0.113.255', false],
    ['::', false],
    ['::1', false],
    ['::2', true],
    ['ff02::1', false],
    ['ff00::', false],
    ['2001:db8::ffff', true],
  ])('%s where every address may be one: %s', (text, expected) => {
    expect(one(text, { hostNetworks: ['0.0.0.0/0', '::/0'] })[0]).toBe(expected);
  });

  it.each([
    [30, '10.0.0.3', false],
    [30, '10.0.0.2', true],
    [31, '10.0.0.3', true],
    [32, '10.0.0.3', true],
    [8, '10.0.0.255', true],
    [8, '10.255.255.255', false],
    [0, '10.0.0.255', true],
  ])('the last address of a /%i is none: %s %s', (prefix_length, text, expected) => {
    expect(one(text, { segmentMapping: { strategy: 'ipv4_prefix', prefix_length } })[0]).toBe(expected);
  });
});

describe('a segment', () => {
  const networks = { site: '10.1.0.0/16', lab: ['10.1.2.0/25', '10.1.3.0/25'], pc: '10.1.2.3', six: 'fd00:1::/32' };
  const segmentMapping = { strategy: 'cidr_map', prefix_length: 20, ipv6_prefix_length: 48, networks } as const;

  it.each([
    ['10.1.9.9', 'site'],
    ['10.1.2.4', 'lab'],
    ['10.1.3.4', 'lab'],
    ['10.1.2.3', 'pc'],
    ['10.1.2.200', 'site'],
    ['10.2.34.1', '10.2.32.0/20'],
    ['fd00:1::5', 'six'],
    ['fd00:2:3:4::5', 'fd00:2:3::/48'],
    ['nonsense', 'SEG_UNKNOWN'],
  ])('of %s is the longest network that holds it, else its prefix: %s', (text, expected) => {
    expect(one(text, { segmentMapping })[2]).toBe(expected);
  });

  it.each([
    ['10.1.2.127', false],
    ['10.1.3.127', false],
    ['10.1.2.255', true],
    ['10.1.255.255', false],
    ['10.1.2.3', true],
  ])('that is named ends where its own network ends: %s is a host: %s', (text, expected) => {
    expect(one(text, { segmentMapping })[0]).toBe(expected);
  });

  it.each([
    [0, '0.0.0.0/0', 0, '::/0'],
    [32, '10.9.8.7/32', 128, 'fd00::7/128'],
    [13, '10.8.0.0/13', 9, 'fd00::/9'],
  ])('may be of any length: /%i', (prefix_length, four, ipv6_prefix_length, six) => {
    const mapping = { segmentMapping: { strategy: 'ipv4_prefix', prefix_length, ipv6_prefix_length } } as const;
    expect([one('10.9.8.7', mapping)[2], one('fd00::7', mapping)[2]]).toEqual([four, six]);
  });
});

describe('a high-risk segment', () => {
  it.each([
    [['203.0.113.0/24'], ['203.0.113.1', '203.0.113.255']],
    [['203.0.112.0/23'], ['203.0.112.7', '203.0.113.1', '203.0.113.255']],
    [['203.0.113.1/32'], ['203.0.113.1']],
    [['203.0.113.1'], ['203.0.113.1']],
    [
      ['2001:db8::/32', '10.0.0.0/24'],
      ['10.0.0.1', '2001:db8:1::1'],
    ],
    [['lab'], ['10.1.2.3']],
    [[], []],
  ])('%j holds %j', (highRiskSegments, expected) => {
    const texts = ['203.0.112.7', '203.0.113.1', '203.0.113.255', '10.0.0.1', '10.1.2.3', '2001:db8:1::1', 'junk'];
    const segmentMapping = { strategy: 'cidr_map', networks: { lab: '10.1.0.0/16' } } as const;
    const risky = look(texts, { highRiskSegments, segmentMapping }).filter(({ isHighRisk }) => isHighRisk);
    expect(risky.map(({ text }) => text)).toEqual([...expected].sort());
  });
});

const texts = fc.array(
  fc.oneof(
    fc
      .tuple(
        fc.constantFrom(10, 127, 172, 192, 224, 8, 255),
        fc.constantFrom(0, 16, 168, 255),
        fc.constantFrom(0, 1, 255),
        fc.nat(255),
      )
      .map((octets) => octets.join('.')),
    fc
      .tuple(fc.constantFrom('fd00', 'fe80', 'ff02', '2001:db8', ''), fc.nat(0xffff))
      .map(([head, n]) => `${head}::${n.toString(16)}`),
    fc.constantFrom('junk', '', '1.2.3'),
  ),
  { maxLength: 30, size: 'max' },
);
const parameters: fc.Arbitrary<OracleParameters> = fc.record(
  {
    hostNetworks: fc.constantFrom(['0.0.0.0/0', '::/0'], ['10.0.0.0/16'], ['10.255.1.255', 'fe80::/10'], []),
    highRiskSegments: fc.subarray(['10.0.0.0/24', '192.0.0.0/2', 'lab', 'fd00::/64', '10.0.0.0/28', 'other']),
    segmentMapping: fc.oneof(
      fc.record({
        strategy: fc.constant('ipv4_prefix' as const),
        prefix_length: fc.nat(32),
        ipv6_prefix_length: fc.nat(128),
      }),
      fc.record({
        strategy: fc.constant('cidr_map' as const),
        prefix_length: fc.constantFrom(16, 24),
        networks: fc.constantFrom(
          { lab: '10.0.0.0/25', other: ['10.0.0.0/16', 'fd00::/16'] },
          { all: ['0.0.0.0/0', '::/0'] },
        ),
      }),
    ),
  },
  { requiredKeys: [] },
);

it('knows of every address what the judge knows', () => {
  fc.assert(
    fc.property(texts, parameters, (given, own) => {
      const settings = settle(own);
      const found = look(given, own);
      expect(found.map(({ number, ...known }) => known)).toEqual(
        found.map(({ text }) => judgeEndpoint(text, settings)),
      );
      const byNumber = new Map(found.map(({ number, segment }) => [number, segment]));
      expect(new Set(byNumber.values()).size).toBe(byNumber.size);
      for (const { number, segment } of found) expect(byNumber.get(number)).toBe(segment);
    }),
    { numRuns: 400 },
  );
});

it('puts a host into the shard of the hash of its text, and nobody else into one', () => {
  const book = createAddressBook(true);
  const given = ['10.0.0.1', '10.0.0.2', '10.0.0.255', '8.8.8.8', 'fd00::1', 'junk'];
  for (const text of given) book.idOfText(text);
  const { list } = mergeBooks([book.contents()]);
  const facts = factsOf(list, placesFor());
  const hosts = ['10.0.0.1', '10.0.0.2', 'fd00::1'];
  for (const shards of [1, 2, 16]) {
    expect([...shardsOf(list, facts, shards)]).toEqual(
      given.sort().map((text) => (hosts.includes(text) ? fnv1a(text) % shards : -1)),
    );
  }
});

describe('a network', () => {
  it.each([
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.1.2.3/8', '10.9.9.9', true],
    ['10.1.2.3', '10.1.2.3', true],
    ['10.1.2.3', '10.1.2.4', false],
    ['0.0.0.0/0', '255.255.255.255', true],
    ['0.0.0.0/0', '::1', false],
    ['::/0', '10.0.0.1', false],
    ['::/0', 'ffff::', true],
    ['fc00::/7', 'fdff::1', true],
    ['fc00::/7', 'fe00::1', false],
    ['2001:db8::/33', '2001:db8:8000::', false],
    ['2001:db8::1/128', '2001:db8::1', true],
    ['::ffff:10.0.0.0/104', '10.200.0.1', true],
    ['::ffff:10.0.0.0/104', '11.0.0.1', false],
    ['::ffff:10.0.0.1', '10.0.0.1', true],
  ])('%s holds %s: %s', (network, address, expected) => {
    expect(contains(networkOf(network), parseAddress(address)!)).toBe(expected);
  });

  it.each([
    '',
    '/',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0.0/-1',
    '10.0.0/8',
    '::/129',
    '10.0.0.0/8/8',
    '10.0.0.0/ 8',
    'lab',
  ])('is not written %j', (text) => {
    expect(parseNetwork(text)).toBeUndefined();
    expect(() => networkOf(text)).toThrow(JSON.stringify(text));
  });
});
