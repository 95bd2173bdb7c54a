import { ALERT_FAMILIES } from './alert-families.ts';
import { type Alert, alertsOf, type HostTrack } from './alerts.ts';
import { ATTACKS } from './attacks.ts';
import { bootstrap, type Estimate } from './intervals.ts';
import { placesOf, precisionOf } from './precision.ts';
import { detectionsOf, type RecallRow, recallRows, unexplained } from './recall.ts';
import { bySeverity, type HostDay, hostDays, type Severity, severityBy } from './severity.ts';
import { calibrate, type Thresholds } from './thresholds.ts';
import { DAY, DAYS, midnights, type Span } from './timeline.ts';
import type { Attacked } from './truth.ts';

const DRAWS = 1000;

export interface BudgetResult {
  /** Alerts a day for which limits were fixed. */
  readonly perDay: number;
  readonly thresholds: Thresholds;
  readonly recall: readonly RecallRow[];
  /** Alerts of each live day without attacks; null where those days were not played. */
  readonly calm: readonly number[] | null;
  readonly calmPerDay: Estimate | null;
  /** The same by family, over all calm days. */
  readonly calmByFamily: readonly number[] | null;
  /** Alerts a day of the attacked days that no attack on their host explains. */
  readonly unexplained: Estimate;
  /** Alerts a day of the attacked days, all of them. */
  readonly all: number;
}

export interface PrecisionRow {
  readonly attack: string;
  readonly hostDays: number;
  readonly precision: Estimate;
}

export interface Evaluation {
  readonly budgets: readonly BudgetResult[];
  readonly precision: readonly PrecisionRow[];
  /** Days, and shares of one, by which limits were fixed. */
  readonly usualDays: number;
  readonly hostDays: number;
}

/**
 * What detection was worth.
 *
 * @param attackedTracks scores of the week and the live days, attacked
 * @param calmTracks the same without attacks, null where those days were not played
 * @param budgets alerts a day
 */
export function evaluate(
  attacked: readonly Attacked[],
  attackedTracks: readonly HostTrack[],
  calmTracks: readonly HostTrack[] | null,
  budgets: readonly number[],
): Evaluation {
  const week = attackedTracks.map((track) => within(track, DAYS.week));
  const usualDays = daysOf(week);
  const families = ALERT_FAMILIES.length;
  const thresholdsFor = calibrate(week, families, Math.ceil(Math.max(...budgets) * usualDays));
  const usual = hostDays(week);
  const live = hostDays(attackedTracks.map((track) => within(track, DAYS.live)));
  return {
    budgets: budgets.map((perDay) =>
      resultOf(perDay, thresholdsFor(Math.floor(perDay * usualDays)), attacked, attackedTracks, calmTracks),
    ),
    precision: precisionRows(attacked, live, severityBy(usual)),
    usualDays,
    hostDays: live.length,
  };
}

export function within({ host, ends, scores }: HostTrack, { start, end }: Span): HostTrack {
  const from = ends.findIndex((at) => at >= start);
  const past = ends.findIndex((at) => at >= end);
  const [low, high] = [from < 0 ? ends.length : from, past < 0 ? ends.length : past];
  return { host, ends: ends.subarray(low, high), scores: scores.map((own) => own.subarray(low, high)) };
}

/** From the first slice with scores to the last: baselines take effect in the course of a day. */
function daysOf(tracks: readonly HostTrack[]): number {
  const firsts = tracks.flatMap(({ ends }) => (ends.length === 0 ? [] : [ends[0]!]));
  const lasts = tracks.flatMap(({ ends }) => (ends.length === 0 ? [] : [ends.at(-1)!]));
  if (firsts.length === 0) throw new Error('detection: the last days of history have no scores; were baselines made?');
  const least = (values: readonly number[]) => values.reduce((a, b) => Math.min(a, b));
  return (-least(lasts.map((at) => -at)) - least(firsts)) / DAY;
}

function resultOf(
  perDay: number,
  thresholds: Thresholds,
  attacked: readonly Attacked[],
  attackedTracks: readonly HostTrack[],
  calmTracks: readonly HostTrack[] | null,
): BudgetResult {
  const opened = (tracks: readonly HostTrack[]): Alert[] =>
    alertsOf(tracks, thresholds.limits).filter((alert) => alert.opened >= DAYS.live.start);
  const alerts = opened(attackedTracks);
  const calm = calmTracks && opened(calmTracks);
  const days = calm && perDayOf(calm);
  return {
    perDay,
    thresholds,
    recall: recallRows(attacked, detectionsOf(attacked, alerts), calm && detectionsOf(attacked, calm)),
    calm: days,
    calmPerDay: days && meanOf(days),
    calmByFamily: calm && ALERT_FAMILIES.map((_, family) => calm.filter((alert) => alert.family === family).length),
    unexplained: meanOf(perDayOf(unexplained(attacked, alerts))),
    all: alerts.length / midnights(DAYS.live).length,
  };
}

function perDayOf(alerts: readonly Alert[]): number[] {
  return midnights(DAYS.live).map(
    (midnight) => alerts.filter(({ opened }) => opened >= midnight && opened < midnight + DAY).length,
  );
}

const meanOf = (values: readonly number[]): Estimate =>
  bootstrap(values.length, DRAWS, 3, (times) => {
    let [sum, count] = [0, 0];
    for (const [i, value] of values.entries()) {
      sum += value * times[i]!;
      count += times[i]!;
    }
    return sum / count;
  });

/** Host-days ranked by severity: attacked ones against those that no attack touched. */
function precisionRows(attacked: readonly Attacked[], days: readonly HostDay[], severity: Severity): PrecisionRow[] {
  const byHost = Map.groupBy(attacked, ({ host }) => host);
  const unitOf = new Map([...new Set(days.map(({ host }) => host))].map((host, unit) => [host, unit]));
  const places = placesOf(days.map(severity), bySeverity);
  const things = days.map(({ host, day }, i) => {
    const own = byHost.get(host) ?? [];
    return {
      place: places[i]!,
      unit: unitOf.get(host)!,
      attacks: new Set(own.filter(({ start, end }) => start < day + DAY && end > day).map(({ attack }) => attack.name)),
      // The windows of a day still hold what ended the day before: neither an attack nor a usual day.
      isAfter: own.some(({ end }) => end <= day && end + DAY > day),
    };
  });
  const row = (attack: string, isIt: (attacks: ReadonlySet<string>) => boolean): PrecisionRow => {
    const ranked = things
      .filter(({ attacks, isAfter }) => isIt(attacks) || (attacks.size === 0 && !isAfter))
      .map(({ place, unit, attacks }) => ({ place, unit, isPositive: isIt(attacks) }));
    return {
      attack,
      hostDays: ranked.filter(({ isPositive }) => isPositive).length,
      precision: precisionOf(ranked, DRAWS),
    };
  };
  return [
    ...ATTACKS.map(({ name }) => row(name, (attacks) => attacks.has(name))),
    row('all', (attacks) => attacks.size > 0),
  ];
}
