import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAddressBook, mergeBooks, textOf } from '../../src/operators/address-book.ts';
import { projectSliceOf } from '../../src/operators/project-slice.ts';
import { rebuildBlocks } from '../../src/operators/rebuild.ts';
import { establishedPeers, youngPairsBy } from '../../src/operators/week-old-rows.ts';
import { decodeBlock, encodeBlock } from '../../src/state/block-codec.ts';
import { tablesOf } from '../support/beacon-blocks.ts';
import { pastDaysOf } from './product-lookback.ts';
import { windowOptionsFor } from './product-options.ts';

const QUARTER = 900_000;
const DAY = 86_400_000;
const TODAY = Date.UTC(2026, 3, 10);
const HOSTS = ['10.0.0.1', '10.0.0.2', 'fd00::7'];
const PEERS = ['10.0.0.2', '10.0.9.9', '203.0.113.7', 'fd00::1', '2001:db8::5'];
const PORTS = [null, 0, 22, 443, 65_535];

const contact = fc.record({
  host: fc.constantFrom(...HOSTS),
  peer: fc.constantFrom(...PEERS),
  port: fc.constantFrom(...PORTS),
  /** Most near the week's edge. */
  day: fc.constantFrom(0, 1, 2, 6, 7, 7, 7, 7, 8, 9, 29, 30, 31, 32),
  slice: fc.integer({ min: 0, max: 95 }),
});
const listOf = (texts: readonly string[]) => {
  const book = createAddressBook(true);
  for (const text of texts) book.idOfText(text);
  return mergeBooks([book.contents()]).list;
};

describe('what is a week old', () => {
  it('is told to the slice, and not from before the lookback', () => {
    fc.assert(
      fc.property(
        fc.array(contact, { maxLength: 60, size: 'max' }),
        fc.integer({ min: 0, max: 95 }),
        fc.constantFrom(0, 8),
        fc.constantFrom(13, 14),
        (contacts, slice, phase, projectDays) => {
          const sliceEnd = TODAY + slice * QUARTER + phase * 60_000;
          const dated = contacts
            .map((one) => ({ ...one, sliceEnd: TODAY - one.day * DAY + one.slice * QUARTER + phase * 60_000 }))
            .filter((one) => one.sliceEnd < sliceEnd);
          const blocks = [...Map.groupBy(dated, (one) => one.sliceEnd)].map(([end, pairs]) => {
            const distinct = new Map(pairs.map((pair) => [`${pair.host} ${pair.peer} ${pair.port}`, pair]));
            const rows = [...distinct.values()].map(({ host, peer, port }) => {
              const nothing = { bytesSent: 0, zeroReply: 0, firstEvent: null, starts: null, maxDuration: 0 };
              return { host, peer, port, sessions: 1, ...nothing };
            });
            const identity = { miniBatchId: String(end), sliceEnd: end };
            const { delta, pairContext } = tablesOf({ ...identity, active: [], pairs: rows });
            return { ...rebuildBlocks(identity, [delta], [pairContext], 1)[0]!, ...identity };
          });
          const reopened = {
            day: (day: Parameters<typeof encodeBlock<'day'>>[1]) => decodeBlock('day', encodeBlock('day', day))!,
            base: (base: Parameters<typeof encodeBlock<'base'>>[1]) => decodeBlock('base', encodeBlock('base', base))!,
          };
          const { segmentMapping } = windowOptionsFor({}).places;
          const together = blocks.map((block) => projectSliceOf(block, [block], segmentMapping));
          const past = pastDaysOf(blocks, sliceEnd, reopened);
          const project = pastDaysOf(together, sliceEnd, reopened);
          const old = dated.filter((one) => one.sliceEnd <= sliceEnd - 7 * DAY && one.sliceEnd >= TODAY - 30 * DAY);

          const hosts = listOf(HOSTS);
          const peers = listOf(PEERS);
          const isYoung = youngPairsBy(past.base, projectDays, sliceEnd)(hosts, peers);
          for (let host = 0; host < hosts.count; host++)
            for (let peer = 0; peer < peers.count; peer++)
              for (const port of PORTS) {
                const isOld = old.some(
                  (one) => one.host === textOf(hosts, host) && one.peer === textOf(peers, peer) && one.port === port,
                );
                expect(isYoung(host, peer, port ?? -1)).toBe(projectDays >= 14 && !isOld);
              }
          expect([...establishedPeers(project.base, peers, sliceEnd)]).toEqual(
            Array.from({ length: peers.count }, (_, peer) =>
              old.some((one) => one.peer === textOf(peers, peer)) ? 1 : 0,
            ),
          );
        },
      ),
      { numRuns: 150 },
    );
  });
});
