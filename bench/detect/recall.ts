import { ALERT_FAMILIES } from './alert-families.ts';
import type { Alert } from './alerts.ts';
import { ATTACKS } from './attacks.ts';
import { bootstrap, type Estimate, median, wilson } from './intervals.ts';
import { HOUR } from './timeline.ts';
import type { Attacked } from './truth.ts';

/** The last sessions of an attack are in the hour's windows for so long. */
const GRACE = HOUR;
const DRAWS = 2000;

/** Minutes from an attack's first session to the first alert on its host that opens in its time, null without one. */
export interface Detection {
  /** By an alert of a family that names the attack. */
  readonly named: number | null;
  readonly any: number | null;
}

export function detectionsOf(attacked: readonly Attacked[], alerts: readonly Alert[]): Detection[] {
  const byHost = Map.groupBy(alerts, ({ host }) => host);
  return attacked.map(({ attack, host, start, end }) => {
    const own = (byHost.get(host) ?? []).filter(({ opened }) => opened > start && opened <= end + GRACE);
    const naming = own.find(({ family }) => attack.families.includes(ALERT_FAMILIES[family]!));
    const minutes = (alert: Alert | undefined) => (alert === undefined ? null : (alert.opened - start) / 60_000);
    return { named: minutes(naming), any: minutes(own[0]) };
  });
}

/** Alerts on hosts at times when they were not attacked, nor in the 24 hours after, when the day's windows still hold it. */
export function unexplained(attacked: readonly Attacked[], alerts: readonly Alert[]): Alert[] {
  const byHost = Map.groupBy(attacked, ({ host }) => host);
  return alerts.filter(
    ({ host, opened }) =>
      !(byHost.get(host) ?? []).some(({ start, end }) => opened > start && opened <= end + 24 * HOUR + GRACE),
  );
}

export interface RecallRow {
  readonly attack: string;
  readonly attacks: number;
  readonly recall: Estimate;
  /** By an alert of any family. */
  readonly any: Estimate;
  /** In the same hours of the same hosts, had they not been attacked: what is found by luck. */
  readonly luck: number | null;
  /** Of those found, minutes. */
  readonly minutes: Estimate;
}

/** @param calm what was found of the same attacks where they did not happen */
export function recallRows(
  attacked: readonly Attacked[],
  found: readonly Detection[],
  calm: readonly Detection[] | null,
): RecallRow[] {
  return ATTACKS.map(({ name }) => {
    const places = attacked.flatMap(({ attack }, place) => (attack.name === name ? [place] : []));
    const own = places.map((place) => found[place]!);
    const hits = (of: readonly Detection[], by: keyof Detection) => of.filter((one) => one[by] !== null).length;
    const minutes = own.flatMap(({ named }) => (named === null ? [] : [named]));
    return {
      attack: name,
      attacks: own.length,
      recall: wilson(hits(own, 'named'), own.length),
      any: wilson(hits(own, 'any'), own.length),
      luck:
        calm &&
        wilson(
          hits(
            places.map((place) => calm[place]!),
            'named',
          ),
          own.length,
        ).value,
      minutes: bootstrap(minutes.length, DRAWS, 1, (times) =>
        median(minutes.flatMap((minute, i) => new Array<number>(times[i]!).fill(minute))),
      ),
    };
  });
}
