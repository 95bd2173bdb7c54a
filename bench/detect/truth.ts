import type { TruthLine } from '../../src/simulation/ground-truth.ts';
import type { Attack, PlannedAttack } from './attacks.ts';
import { DAY } from './timeline.ts';

/** An attack as it happened. */
export interface Attacked {
  readonly attack: Attack;
  readonly host: string;
  readonly start: number;
  readonly end: number;
}

/**
 * What became of planned attacks. Throws where one is missing, and where two on one host are less than a day apart: what an
 * alert is about could not be told then.
 */
export function attackedOf(planned: readonly PlannedAttack[], truth: readonly TruthLine[]): Attacked[] {
  const hidden = truth.filter(({ family }) => family !== 'benign');
  const attacked = hidden.map(({ incident, kind, host, start, end }): Attacked => {
    const plan = planned[Number(/-(\d+)$/.exec(incident)?.[1] ?? Number.NaN) - 1];
    if (plan?.attack.request.kind !== kind || host === null)
      throw new Error(`ground truth: ${incident} on ${host} is none of the ${planned.length} planned attacks`);
    return { attack: plan.attack, host, start: Date.parse(start), end: Date.parse(end) };
  });
  const faults = attacked.length < planned.length ? [`${planned.length - attacked.length} attacks left no record`] : [];
  for (const [place, one] of attacked.entries())
    for (const other of attacked.slice(place + 1))
      if (one.host === other.host && one.start < other.end + DAY && other.start < one.end + DAY)
        faults.push(`${one.host}: ${one.attack.name} and ${other.attack.name} are less than a day apart`);
  if (faults.length > 0)
    throw new Error(`ground truth: ${faults.join('; ')}; take fewer attacks a kind, more hosts, or another seed`);
  return attacked;
}
