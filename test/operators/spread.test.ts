import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSpreadMeter } from '../../src/operators/spread.ts';
import { describePeers } from '../oracle/metrics.ts';
import type { Side } from '../oracle/sides.ts';

/** In the order in which the meter writes them. */
const NAMES = [
  'peer_ip_nunique',
  'peer_port_nunique',
  'peer_segment_nunique',
  'peer_ip_entropy',
  'peer_port_entropy',
  'peer_ip_top1_sessions_share',
  'peer_port_top1_sessions_share',
  'peer_ip_top1_bytes_share',
  'peer_port_top1_bytes_share',
] as const;

interface Contact {
  readonly peer: number;
  readonly port: number | null;
  readonly sessions: number;
  readonly bytes: number;
}

const meter = createSpreadMeter(10);
/** Peers of one remainder lie in one segment. */
const segmentOf = (peer: number): number => peer % 3;

function measure(contacts: readonly Contact[]): Record<string, number> {
  for (const peer of new Set(contacts.map((contact) => contact.peer))) {
    const own = contacts.filter((contact) => contact.peer === peer);
    const sum = (what: 'sessions' | 'bytes'): number => own.reduce((total, contact) => total + contact[what], 0);
    meter.addPeer(sum('sessions'), sum('bytes'), segmentOf(peer));
  }
  for (const { port, sessions, bytes } of contacts) if (port !== null) meter.addPort(port, sessions, bytes);
  const out = new Float64Array(NAMES.length + 2).fill(-1);
  meter.take(out, 1);
  meter.forgetPorts();
  expect([out[0], out.at(-1)]).toEqual([-1, -1]);
  return Object.fromEntries(NAMES.map((name, i) => [name, out[i + 1]!]));
}

const judge = (contacts: readonly Contact[]): Record<string, number> =>
  describePeers(
    contacts.map(({ peer, port, sessions, bytes }) => ({
      peer: { text: `${peer}`, segment: `${segmentOf(peer)}` },
      port,
      sent: bytes,
      received: null,
      flow: { repeat: sessions },
    })) as unknown as readonly Side[],
  );

describe('the spread of a host', () => {
  it('over nobody is nothing', () => {
    expect(measure([])).toEqual(Object.fromEntries(NAMES.map((name) => [name, 0])));
  });

  it('is known by hand', () => {
    const contacts = [
      { peer: 0, port: 443, sessions: 2, bytes: 100 },
      { peer: 0, port: 80, sessions: 1, bytes: 0 },
      { peer: 3, port: 443, sessions: 1, bytes: 300 },
      { peer: 4, port: null, sessions: 4, bytes: 600 },
    ];
    const found = measure(contacts);
    expect(found).toMatchObject({
      peer_ip_nunique: 3,
      peer_port_nunique: 2,
      peer_segment_nunique: 2,
      peer_ip_top1_sessions_share: 0.5,
      peer_port_top1_sessions_share: 3 / 8,
      peer_ip_top1_bytes_share: 0.6,
      peer_port_top1_bytes_share: 0.4,
    });
    const [p, q, r] = [3 / 8, 1 / 8, 4 / 8];
    expect(found['peer_ip_entropy']).toBeCloseTo(-(p * Math.log(p) + q * Math.log(q) + r * Math.log(r)), 14);
    expect(found['peer_port_entropy']).toBeCloseTo(-(0.75 * Math.log(0.75) + 0.25 * Math.log(0.25)), 14);
  });

  it('is what the judge says, of one host after the other', () => {
    const contact = fc.record({
      peer: fc.nat(6),
      port: fc.constantFrom(null, 0, 443, 80, 65_535),
      sessions: fc.constantFrom(1, 1, 2, 300, 256),
      bytes: fc.constantFrom(0, 0, 1, 1000, 2 ** 40),
    });
    fc.assert(
      fc.property(fc.array(contact, { maxLength: 40, size: 'max' }), (contacts) => {
        const expected = judge(contacts);
        for (const [name, value] of Object.entries(measure(contacts))) expect(value).toBeCloseTo(expected[name]!, 12);
      }),
      { numRuns: 300 },
    );
  });
});
