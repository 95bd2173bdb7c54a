import { type AddressList, mergeBooks } from './address-book.ts';
import type { ActiveSlices, DayRollup } from './day-rollup.ts';
import { mergePast, NEVER_FIRST } from './merge-past.ts';
import { DIRECTIONS } from './metrics.ts';
import { type Numbers, narrowed } from './narrow.ts';
import { LOOKBACK_DAYS } from './past-rows.ts';
import type { RoleName } from './role-rows.ts';
import { DAY_MS } from './time.ts';

/** No threshold is near it, so that counts which stop here still compare as they should. */
const MOST_SESSIONS = 0xffff_ffff;

/**
 * The days of a lookback but the last, merged for one day's mini-batches. The oldest day, which only windows that begin
 * on the day before reach, stands by itself.
 */
export interface LookbackBase {
  readonly addresses: AddressList;
  readonly roles: Readonly<Record<RoleName, BaseRows>>;
  /** First slice of hosts in the days but the oldest; hosts ascend, ms UTC. */
  readonly first: { readonly hosts: Uint32Array; readonly sliceEnds: Float64Array };
  /** Slices of the oldest day. */
  readonly oldest: ActiveSlices;
}

export interface BaseRows {
  readonly hosts: Uint32Array;
  readonly offsets: Uint32Array;
  readonly peer: Uint32Array;
  /** -1: no port. */
  readonly port: Int32Array;
  /** Of the days but the oldest, at most 2^32 - 1. */
  readonly sessions: Numbers;
  /** Of the oldest day, likewise. */
  readonly oldestSessions: Numbers;
  /**
   * Outbound: minutes from 00:00 UTC of the day a week before today to the end of the first slice that holds the row, 0 if
   * one did on a day before (but the oldest), 65535 if none did by that day's end.
   */
  readonly first?: Numbers;
}

/** Days before today's of which a base tells when rows came first. */
const WEEK_DAYS = 7;

export interface DatedRollup {
  /** 00:00 UTC, ms. */
  readonly day: number;
  readonly rollup: DayRollup;
}

/** Merges the rolled-up days that come two days or more before `today` (00:00 UTC, ms). */
export function baseOf(days: readonly DatedRollup[], today: number): LookbackBase {
  const { list, remaps } = mergeBooks(days.map(({ rollup }) => rollup.addresses));
  const isOldest = ({ day }: DatedRollup): boolean => day === today - LOOKBACK_DAYS * DAY_MS;
  const firstComing = (dated: DatedRollup, role: RoleName): Numbers | number => {
    if (isOldest(dated) || dated.day > today - WEEK_DAYS * DAY_MS) return NEVER_FIRST;
    return dated.day < today - WEEK_DAYS * DAY_MS ? 0 : (dated.rollup.roles[role].pairs.first ?? NEVER_FIRST);
  };
  const rowsOf = (role: RoleName): BaseRows => {
    const merged = mergePast(
      days.map((dated, d) => ({
        rows: dated.rollup.roles[role],
        remap: remaps[d]!,
        into: isOldest(dated) ? (1 as const) : (0 as const),
        first: firstComing(dated, role),
      })),
    );
    const { hosts, offsets, peer, port, sums, first } = merged;
    const rows = { hosts, offsets, peer, port, sessions: bounded(sums[0]), oldestSessions: bounded(sums[1]) };
    return role === 'outbound' ? { ...rows, first } : rows;
  };
  const [outbound, inbound] = DIRECTIONS.map(rowsOf) as [BaseRows, BaseRows];
  return {
    addresses: list,
    roles: { outbound, inbound },
    first: firstOf(
      days.map((dated, d) => ({ active: isOldest(dated) ? NEVER : dated.rollup.active, remap: remaps[d]! })),
      list.count,
    ),
    oldest: oldestOf(days, remaps, isOldest),
  };
}

const NEVER: ActiveSlices = { hosts: new Uint32Array(0), offsets: new Uint32Array(1), sliceEnds: new Float64Array(0) };

const bounded = (sums: Float64Array): Numbers => narrowed(sums.map((sum) => Math.min(sum, MOST_SESSIONS)));

function firstOf(
  days: readonly { readonly active: ActiveSlices; readonly remap: Uint32Array }[],
  addresses: number,
): LookbackBase['first'] {
  const first = new Float64Array(addresses).fill(Number.POSITIVE_INFINITY);
  for (const { active, remap } of days) {
    active.hosts.forEach((host, i) => {
      const id = remap[host]!;
      first[id] = Math.min(first[id]!, active.sliceEnds[active.offsets[i]!]!);
    });
  }
  const hosts: number[] = [];
  for (let id = 0; id < addresses; id++) if (first[id]! < Number.POSITIVE_INFINITY) hosts.push(id);
  return { hosts: Uint32Array.from(hosts), sliceEnds: Float64Array.from(hosts, (id) => first[id]!) };
}

function oldestOf(
  days: readonly DatedRollup[],
  remaps: readonly Uint32Array[],
  isOldest: (day: DatedRollup) => boolean,
): ActiveSlices {
  const d = days.findIndex(isOldest);
  if (d < 0) return NEVER;
  const { hosts, offsets, sliceEnds } = days[d]!.rollup.active;
  return { hosts: hosts.map((id) => remaps[d]![id]!), offsets, sliceEnds };
}
