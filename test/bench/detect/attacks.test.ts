import { describe, expect, it } from 'vitest';
import { ATTACKS, incidentsFlag, planAttacks } from '../../../bench/detect/attacks.ts';
import { DAYS, firstSlice } from '../../../bench/detect/timeline.ts';
import { attackedOf } from '../../../bench/detect/truth.ts';
import { readSimulation, SIMULATE_FLAGS } from '../../../src/commands/simulate-flags.ts';
import { groundTruth } from '../../../src/simulation/ground-truth.ts';
import { officeTraffic } from '../../../src/simulation/office.ts';

const planned = planAttacks(7, 3, DAYS.live);
const flags = {
  hosts: '200',
  seed: '7',
  from: new Date(firstSlice(DAYS.live.start)).toISOString(),
  days: '14',
  incidents: incidentsFlag(planned),
};

describe('planned attacks', () => {
  it('are as many of each kind, by their beginnings, the same for the same seed', () => {
    for (const { name } of ATTACKS) expect(planned.filter(({ attack }) => attack.name === name).length).toBe(3);
    const beginnings = planned.map(({ request }) => request.parameters!['at']!);
    expect(beginnings).toEqual(beginnings.toSorted((a, b) => a - b));
    expect(planAttacks(7, 3, DAYS.live)).toEqual(planned);
    expect(planAttacks(8, 3, DAYS.live)).not.toEqual(planned);
  });

  it('are what the command reads', () => {
    expect(Object.keys(SIMULATE_FLAGS)).toEqual(expect.arrayContaining(Object.keys(flags)));
    const { office } = readSimulation({ flags });
    expect(office.incidents?.map(({ kind, parameters }) => ({ kind, parameters }))).toEqual(
      planned.map(({ request }) => request),
    );
  });

  it('are found again in the truth, on hosts that have a day in between, in the live days', () => {
    const { office } = readSimulation({ flags });
    const { plan, incidents } = officeTraffic(office);
    const attacked = attackedOf(planned, groundTruth(plan, incidents, []));
    expect(attacked.map(({ attack }) => attack.name)).toEqual(planned.map(({ attack }) => attack.name));
    for (const { start, end, attack } of attacked) {
      expect(start).toBeGreaterThanOrEqual(firstSlice(DAYS.live.start));
      expect(end).toBeLessThanOrEqual(DAYS.live.end);
      expect((end - start) / 3_600_000).toBeLessThan(attack.hours + 0.5);
      expect((end - start) / 3_600_000).toBeGreaterThan(attack.hours * 0.9 - 1);
    }
  });

  it('that lie too close together on one host are refused', () => {
    const { office } = readSimulation({ flags: { ...flags, hosts: '3' } });
    const { plan, incidents } = officeTraffic(office);
    expect(() => attackedOf(planned, groundTruth(plan, incidents, []))).toThrow('less than a day apart');
  });
});
