/** A worker that is killed right before or after it asked a server for something: at every kind of step once. */

import { describe, expect, it } from 'vitest';
import { seededDice } from '../../src/simulation/seeded-dice.ts';
import { type Failpoint, failpointsOf, killAtPoints, nameOf, traceOfMiniBatch } from '../support/live-failpoints.ts';
import type { Step } from '../support/live-gates.ts';
import { officeMiniBatches } from '../support/office-mini-batches.ts';

const SEED = Number(process.env['KILL_SEED'] ?? 1);
const miniBatches = officeMiniBatches({ seed: 7, hosts: 3, slices: 40, thin: 8 });
const KINDS: readonly Step[] = [
  'receive',
  'settle',
  'enter',
  'raw',
  'file',
  'manifest',
  'index',
  'state',
  'lookup',
  'event',
  'remove',
];
/** Both moments of these are tried each time: before the one nothing is known yet, before the other nobody was told. */
const BOTH: readonly Step[] = ['receive', 'event'];

/** One of each kind, a late one, and the late one of which no message is left. All of them are for npm run prove. */
function someOf(points: readonly Failpoint[]): Failpoint[] {
  const dice = seededDice(SEED, 'failpoints');
  const kinds = Map.groupBy(points, ({ step, moment, isLate = false }) => {
    if (isLate) return `late ${step === 'remove'}`;
    return BOTH.includes(step) ? `${step} ${moment}` : step;
  });
  return [...kinds.values()].map((ones) => dice.pick(ones));
}

describe('a worker killed at one exact moment', () => {
  it(
    `leaves its mini-batch to the next one (seed ${SEED})`,
    async () => {
      const all = failpointsOf(await traceOfMiniBatch(miniBatches));
      expect([...new Set(all.map(({ step }) => step))].sort()).toEqual(KINDS.toSorted());
      // Before and after each of them.
      expect([...new Set(all.map(({ step, moment }) => `${step} ${moment}`))]).toHaveLength(2 * KINDS.length);
      const points = someOf(all);
      const { faults, killedAt } = await killAtPoints(points, miniBatches);
      expect(faults).toEqual([]);
      expect(killedAt).toEqual(points.map(nameOf));
    },
    30 * 60_000,
  );
});
