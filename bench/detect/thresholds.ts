import { type HostTrack, openings } from './alerts.ts';
import { DAY } from './timeline.ts';

/** What a limit costs: how many alerts the usual days would have had. */
interface Step {
  readonly limit: number;
  readonly alerts: number;
}

/** The limits of one family, from the strictest on, as long as each costs no more than `most` alerts. */
function stepsOf(tracks: readonly HostTrack[], family: number, most: number): Step[] {
  const peaks = tracks.flatMap(({ ends, scores }) => dailyPeaks(ends, scores[family]!));
  const limits = [...new Set(peaks)].filter((peak) => peak >= 0).sort((a, b) => b - a);
  if (limits.at(-1) !== 0) limits.push(0);
  const steps: Step[] = [];
  for (const limit of limits) {
    let alerts = 0;
    for (const { ends, scores } of tracks) alerts += openings(ends, scores[family]!, limit).length;
    if (alerts > most) break;
    steps.push({ limit, alerts });
  }
  return steps;
}

/** The greatest score of each day: only there can a limit be that lets one more alert in. */
function dailyPeaks(ends: Float64Array, scores: Float64Array): number[] {
  const peaks = new Map<number, number>();
  for (const [row, end] of ends.entries()) {
    const score = scores[row]!;
    const day = Math.floor(end / DAY);
    if (score > (peaks.get(day) ?? Number.NEGATIVE_INFINITY)) peaks.set(day, score);
  }
  return [...peaks.values()];
}

export interface Thresholds {
  /** By family; scores above alert. */
  readonly limits: readonly number[];
  /** Alerts by family that the usual days would have had. */
  readonly alerts: readonly number[];
  /** So many each family may have had at most: the common rate. */
  readonly perFamily: number;
}

/** Limits that gave `budget` alerts in the usual days, all families together. */
export type Calibration = (budget: number) => Thresholds;

/**
 * Every family gets the same number of alerts of the usual days, the greatest with which all together stay within the budget;
 * a family whose scores are tied beyond that number, or that has fewer, leaves its share to the others. A limit is the lowest
 * score that keeps the family within its number, so that no family is stricter than it has to be.
 *
 * @param tracks rows of the usual days
 * @param families how many there are
 * @param most the largest budget that will be asked for, in alerts of all those days
 */
export function calibrate(tracks: readonly HostTrack[], families: number, most: number): Calibration {
  const steps = Array.from({ length: families }, (_, family) => stepsOf(tracks, family, most));
  const within = (perFamily: number): Step[] =>
    steps.map(
      (own) => own.findLast(({ alerts }) => alerts <= perFamily) ?? { limit: Number.POSITIVE_INFINITY, alerts: 0 },
    );
  return (budget) => {
    if (budget > most) throw new RangeError(`thresholds: a budget of ${budget} alerts, calibrated for ${most} at most`);
    let perFamily = 0;
    while (perFamily < budget && sum(within(perFamily + 1)) <= budget) perFamily++;
    const chosen = within(perFamily);
    return { limits: chosen.map(({ limit }) => limit), alerts: chosen.map(({ alerts }) => alerts), perFamily };
  };
}

const sum = (steps: readonly Step[]): number => steps.reduce((total, { alerts }) => total + alerts, 0);
