import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textOf } from '../../src/operators/address-book.ts';
import { createHeldDay, type HeldDay } from '../../src/operators/held-day.ts';
import { knownRowsOf } from '../../src/operators/known-rows.ts';
import type { Lookback } from '../../src/operators/lookback.ts';
import { createRooms } from '../../src/operators/rooms.ts';
import { type SliceBlock, type WindowRows, windowRowsOf, windowRowsOfDay } from '../../src/operators/windows.ts';
import { QUARTER, windowOptionsFor } from './product-options.ts';
import { sliceOf } from './product-run.ts';
import { FIRST_END, historyOf, miniBatchOf } from './random-traffic.ts';

const options = windowOptionsFor({});
const nothing = { yesterday: null, base: null };
/** All hosts are old enough to be compared with their lookback. */
const lookback: Lookback = {
  ...nothing,
  known: knownRowsOf([], nothing, FIRST_END),
  days: 40,
  rules: { minDays: 0, rarePeer: 2, rarePort: 2 },
};

const blockOf = (miniBatch: Parameters<typeof sliceOf>[0]): SliceBlock => sliceOf(miniBatch).blocks[0]!;

/** What readers see of rows. */
const seen = ({ addresses, facts, hosts, features, ages, isCapped }: WindowRows) => ({
  hosts: Array.from(hosts, (id) => textOf(addresses, id)),
  internal: Array.from(hosts, (id) => facts.isInternal[id]),
  features: Array.from(features),
  ages: [...ages],
  isCapped: [...isCapped],
});

/** Brings a day to hold some blocks and no others, each under its place among all. */
function bring(day: HeldDay, all: readonly SliceBlock[], places: readonly number[]): void {
  const names = new Set(places.map(String));
  const added = [...names].filter((name) => !day.has(name)).map((name) => ({ name, block: all[Number(name)]! }));
  day.update(names, added);
}

describe('a day that is held', () => {
  it('gives the rows that its blocks give, however it came to hold them', () => {
    const steps = fc.array(fc.uniqueArray(fc.nat(6), { minLength: 1 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(historyOf(7, 20), steps, fc.constantFrom(0, 65_536), (history, wanted, mostIdleIds) => {
        const all = history.map(blockOf);
        // Days of two shards take turns at the same memory.
        const rooms = createRooms();
        const days = [createHeldDay(options.places, rooms, mostIdleIds), createHeldDay(options.places, rooms, 0)];
        for (const [step, some] of wanted.entries()) {
          const places = [...new Set(some.map((place) => place % all.length))];
          const blocks = places.map((place) => all[place]!);
          const newest = Math.max(...blocks.map(({ sliceEnd }) => sliceEnd));
          const current = blocks.find(({ sliceEnd }) => sliceEnd === newest)!;
          const inWindows = places.filter((place) => all[place]!.sliceEnd > newest - 96 * QUARTER);
          const day = days[step % 2]!;
          bring(day, all, inWindows);
          const fresh = windowRowsOf(
            inWindows.map((place) => all[place]!),
            current,
            options,
            lookback,
          );
          expect(seen(windowRowsOfDay(day, current, options, lookback))).toEqual(seen(fresh));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('takes the blocks of one slice after another where it has room, and gives the same rows', () => {
    const perSlice = fc.array(fc.record({ host: fc.nat(5), peers: fc.nat(12) }), { minLength: 1, maxLength: 3 });
    const traffic = fc.record({
      slices: fc.array(perSlice, { minLength: 100, maxLength: 110 }),
      // Far more at once than a host has had room for.
      burst: fc.record({ at: fc.nat(99), peers: fc.integer({ min: 50, max: 400 }) }),
    });
    fc.assert(
      fc.property(traffic, fc.constantFrom(0, 65_536), ({ slices, burst }, mostIdleIds) => {
        const all = slices.map((hosts, n) => {
          const own = n === burst.at ? [...hosts, { host: 0, peers: burst.peers }] : hosts;
          const sliceEnd = FIRST_END + n * QUARTER;
          const flows = own.flatMap(({ host, peers }) =>
            Array.from({ length: peers }, (_, peer) => ({
              ...{ source_ip: `10.0.0.${host}`, destination_ip: `10.1.${n % 3}.${peer % 200}` },
              ...{ destination_port: 400 + peer, event_start: sliceEnd - 60_000, event_end: sliceEnd - 30_000 },
            })),
          );
          return blockOf(miniBatchOf(`mb-${n}`, sliceEnd, flows));
        });
        const day = createHeldDay(options.places, createRooms(), mostIdleIds);
        let inPlace = 0;
        all.forEach((current, n) => {
          const earlier = Array.from({ length: Math.min(n, 95) }, (_, i) => n - 1 - i);
          const { room } = day.rows.outbound;
          // As steps do: the newest block is told apart from itself once it is sealed.
          const added = earlier
            .filter((place) => !day.has(String(place)))
            .map((place) => ({ name: String(place), block: all[place]! }));
          day.update(new Set(earlier.map(String)), [{ name: 'own', block: current }, ...added]);
          if (day.rows.outbound.room === room) inPlace++;
          if (n % 10 > 0 && n !== burst.at && n !== burst.at + 1) return;
          const fresh = windowRowsOf([...earlier.map((place) => all[place]!), current], current, options, lookback);
          expect(seen(windowRowsOfDay(day, current, options, lookback))).toEqual(seen(fresh));
        });
        expect(inPlace).toBeGreaterThan(all.length / 3);
      }),
      { numRuns: 12 },
    );
  });

  it('forgets addresses that no block names any more', () => {
    const day = createHeldDay(options.places, createRooms(), 50);
    const quiet = Array.from({ length: 40 }, (_, n) => {
      const sliceEnd = FIRST_END + n * QUARTER;
      const peers = Array.from({ length: 10 }, (_peer, i) => `203.0.${n}.${i + 1}`);
      return blockOf(
        miniBatchOf(
          `mb-${n}`,
          sliceEnd,
          peers.map((destination_ip) => ({
            ...{ source_ip: '10.0.0.1', destination_ip, destination_port: 443 },
            ...{ event_start: sliceEnd - 60_000, event_end: sliceEnd - 30_000 },
          })),
        ),
      );
    });
    for (let n = 0; n < quiet.length; n++) {
      bring(day, quiet, n === 0 ? [0] : [n - 1, n]);
      expect(day.addresses.list.count).toBeLessThanOrEqual(2 * 21 + 50 + 10);
    }
  });

  it('keeps apart what has no port and what has any, and adds up beyond what its columns held', () => {
    const day = createHeldDay(options.places, createRooms());
    const flow = (port: number | null, bytes: number, repeat: number) => ({
      ...{ source_ip: '10.0.0.1', destination_ip: '10.0.0.2', destination_port: port, network_transport: 'tcp' },
      ...{ source_bytes: bytes, destination_bytes: 0, repeat_count: repeat },
      ...{ event_start: FIRST_END - 60_000, event_end: FIRST_END - 30_000 },
    });
    const blocks = [
      blockOf(miniBatchOf('a', FIRST_END, [flow(443, 10, 1), flow(null, 10, 1)])),
      blockOf(miniBatchOf('b', FIRST_END, [flow(65_535, 70_000, 300), flow(0, 2_000_000_000, 1)])),
      blockOf(miniBatchOf('c', FIRST_END, [flow(443, 4_000_000_000, 70_000), flow(443, 4_000_000_000, 1)])),
    ];
    for (const places of [[0], [0, 1], [0, 1, 2], [0, 2], [2]]) {
      bring(day, blocks, places);
      const wanted = places.map((place) => blocks[place]!);
      const fresh = seen(windowRowsOf(wanted, wanted[0]!, options, lookback));
      expect(seen(windowRowsOfDay(day, wanted[0]!, options, lookback))).toEqual(fresh);
    }
  });
});
