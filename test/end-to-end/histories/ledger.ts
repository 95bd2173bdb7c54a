/** What a project has committed, and what each of its mini-batches knew of the others, kept from what its runs say. */

import type { OracleMiniBatch } from '../../oracle/oracle.ts';
import type { Conditions } from './operations.ts';
import { isNoise } from './world.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** What comes later than this is published again only when it is asked for. */
const AT_ONCE_SECONDS = 7200;
const WELL = new Set(['committed', 'unchanged', 'skipped']);

/** Mini-batches by id, each with the lines that had come by then. */
export type Known = ReadonlyMap<string, OracleMiniBatch>;

/** What happened how often. */
export type Tally = Map<string, number>;

export const count = (tally: Tally, what: string, times = 1): void =>
  void tally.set(what, (tally.get(what) ?? 0) + times);

/** What a run says of a mini-batch that it took. */
export interface OutcomeLine {
  readonly outcome: string;
  readonly mini_batch_id: string;
  /** Of those that came late. */
  readonly affects?: readonly string[];
  readonly late_seconds?: number;
}

export interface Ledger {
  readonly committed: () => Known;
  readonly knownAt: (id: string) => Known;
  /** Follows a run line by line, `delivered` being what lay there. Returns the ids that it computed. */
  follow(name: string, lines: readonly OutcomeLine[], delivered: Known, conditions: Conditions): string[];
}

export function openLedger(tally: Tally, faults: string[]): Ledger {
  const committed = new Map<string, OracleMiniBatch>();
  const knownAt = new Map<string, Known>();

  const isLater = (one: OracleMiniBatch, than: OracleMiniBatch): boolean =>
    one.sliceEnd > than.sliceEnd || (one.sliceEnd === than.sliceEnd && one.id > than.id);
  /** Those whose windows hold a mini-batch that came after them. */
  const holding = (own: OracleMiniBatch): string[] =>
    [...committed.values()].filter((one) => isLater(one, own) && one.sliceEnd < own.sliceEnd + DAY).map(({ id }) => id);

  const countOf = (
    name: string,
    { outcome, mini_batch_id: id, late_seconds: late }: OutcomeLine,
    own: OracleMiniBatch,
    lateHours: number,
  ): void => {
    count(tally, `${name}: ${outcome}`);
    if (late !== undefined) count(tally, `late by ${latenessOf(late)}`);
    if (outcome === 'skipped' || outcome === 'poison') return;
    if (name !== 'replay' && committed.get(id) === own) count(tally, 'published again');
    const newest = Math.max(...[...committed.values()].map(({ sliceEnd }) => sliceEnd));
    if (newest - own.sliceEnd > lateHours * HOUR) count(tally, 'computed on scratch state');
  };

  return {
    committed: () => committed,
    knownAt: (id) => knownAt.get(id)!,
    follow(name, lines, delivered, { reprocess, lateHours }) {
      const computed: string[] = [];
      const due = new Map<string, string>();
      for (const line of lines) {
        const { outcome, mini_batch_id: id, affects = [], late_seconds: late = 0 } = line;
        const own = delivered.get(id)!;
        if (isNoise(id) ? outcome !== 'poison' : !WELL.has(outcome)) faults.push(`${name}: ${JSON.stringify(line)}`);
        countOf(name, line, own, lateHours);
        if (outcome !== 'committed' && outcome !== 'unchanged') continue;
        due.delete(id);
        const held = committed.has(id) ? [] : holding(own);
        const untold = held.filter((other) => !affects.includes(other));
        faults.push(...untold.map((other) => `${name}: ${id} came late, and does not say that it affects ${other}`));
        if (name !== 'replay' && reprocess && late <= AT_ONCE_SECONDS) for (const other of held) due.set(other, id);
        committed.set(id, own);
        knownAt.set(id, new Map(committed));
        computed.push(id);
      }
      for (const [id, late] of due) faults.push(`${name}: ${id} was not published again at once after ${late}`);
      return computed;
    },
  };
}

function latenessOf(seconds: number): string {
  if (seconds <= AT_ONCE_SECONDS) return 'up to 2 hours';
  return seconds < DAY / 1000 ? 'hours' : 'days';
}
