import { describe, expect, it } from 'vitest';
import { priorOf, TRAITS } from '../../src/operators/beacon-prior.ts';
import { peerTraitsBy } from '../../src/operators/peer-traits.ts';

const rare = { active: 100, prevalence: 0.05, isEstablished: false };
const few = { active: 19, prevalence: 1, isEstablished: true };
const { toMany, internal, infrastructure, young, unanswered, small } = TRAITS;

describe('the prior of a regular pair', () => {
  it.each([
    ['says nothing of an ordinary service', 443, 0, rare, 1],
    ['is 0 for multicast and broadcast, whatever else', 443, toMany | young, rare, 0],
    ['is low for name resolution inside', 53, internal, rare, 0.2],
    ['is low for name resolution inside, however young', 53, internal | young, rare, 0.2],
    ['is low for the time from a known server', 123, infrastructure, rare, 0.2],
    ['knows time servers from their many users', 123, 0, { ...rare, prevalence: 0.1 }, 0.2],
    ['does not take few users for many', 123, 0, { ...rare, prevalence: 0.0999 }, 1],
    ['does not count users of a small project', 123, 0, few, 1],
    ['is low for a peer inside', 443, internal, rare, 0.2],
    ['is not for a young pair inside', 443, internal | young, rare, 1],
    ['halves without any reply', -1, unanswered, rare, 0.5],
    ['is lower for short logins', 22, small, rare, 0.4],
    ['is not for short messages elsewhere', 443, small, rare, 1],
    ['is lower for what many have long used', 443, 0, { active: 20, prevalence: 0.11, isEstablished: true }, 0.3],
    ['is not for what a tenth uses', 443, 0, { ...rare, prevalence: 0.1, isEstablished: true }, 1],
    ['is a little lower for what half the project uses of late', 443, 0, { ...rare, prevalence: 0.51 }, 0.85],
    ['is not for just half', 443, 0, { ...rare, prevalence: 0.5 }, 1],
    ['is higher for what hardly anybody uses', 443, 0, { ...rare, prevalence: 0.019 }, 1.15],
    ['is not for two of a hundred', 443, 0, { ...rare, prevalence: 0.02 }, 1],
    ['multiplies', 445, internal | unanswered | small, { ...rare, prevalence: 0.01 }, 0.2 * 0.5 * 0.4 * 1.15],
  ] as const)('%s', (_, port, traits, use, prior) => {
    expect(priorOf(port, traits, use)).toBe(prior);
  });
});

describe('what an address says of a peer', () => {
  const segmentMapping = { prefixLength: 24, ipv6PrefixLength: 64, networks: [{ name: 'link', cidr: '10.9.0.0/31' }] };
  const traitsOf = peerTraitsBy({ segmentMapping, infrastructure: ['192.0.2.53/32', 'fd00::53'] });
  const listOf = (text: string) => ({
    count: 1,
    ipv4: new Uint32Array(1),
    isIpv4: new Uint8Array(1),
    texts: new Map([[0, text]]),
  });
  it.each([
    ['203.0.113.7', false, 0],
    ['224.0.0.1', false, toMany],
    ['239.255.255.250', true, toMany | internal],
    ['ff02::1', false, toMany],
    ['255.255.255.255', false, toMany],
    ['10.1.1.255', true, toMany | internal],
    ['203.0.113.255', false, 0],
    ['10.1.1.254', true, internal],
    ['10.9.0.1', true, internal],
    ['fd00::ffff', true, internal],
    ['192.0.2.53', false, infrastructure],
    ['fd00::53', true, infrastructure | internal],
    ['no address', false, 0],
  ])('%s', (text, isInternal, traits) => {
    expect(traitsOf(listOf(text), 0, isInternal)).toBe(traits);
  });
});
