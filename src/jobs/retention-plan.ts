import type { BatchSpec } from '../config/batch-spec.ts';
import type { Settings } from '../config/settings.ts';
import { HORIZON_DAYS } from '../operators/baseline-metrics.ts';

/** How long a dataset is kept, and how long it has to be. */
export interface Retention {
  readonly dataset: Exclude<keyof BatchSpec['outputs'], 'fg_b'>;
  readonly setting: keyof Settings;
  readonly days: number;
  /** Days behind the newest committed slice that are still read. */
  readonly neededDays: number;
  /** What reads them. */
  readonly reader: string;
}

/** Novelty reads 31 days back from a window's end, and from midnight on. */
const LOOKBACK_DAYS = 32;
/** The longest window. */
const WINDOW_DAYS = 1;
/** How long a history is waited for: the longest horizon's baselines are made once a week. */
const SCHEDULE_DAYS = 7;
const HOURS_PER_DAY = 24;

/** What is kept for how long under the settings. */
export function retentionsOf(settings: Settings, spec: Pick<BatchSpec, 'fgA' | 'baselines'>): Retention[] {
  const lateHours = settings['state.late_hours'];
  const late = Math.ceil(lateHours / HOURS_PER_DAY);
  const behind = `for mini-batches up to ${lateHours} h late (state.late_hours)`;
  const history = spec.fgA.enabled
    ? { neededDays: LOOKBACK_DAYS + late, reader: `the 30-day lookback, from midnight on, ${behind}` }
    : { neededDays: WINDOW_DAYS + late, reader: `windows of 24 h, ${behind}` };
  const last = { neededDays: WINDOW_DAYS + late, reader: `what is published again, ${behind}` };
  const longest = Math.max(...spec.baselines.horizons.map((of) => HORIZON_DAYS[of] + spec.baselines.headDays[of]));
  const baselines = spec.fgA.enabled
    ? {
        neededDays: longest + SCHEDULE_DAYS + late,
        reader: `baselines of ${longest} days, the gap behind them included`,
      }
    : last;
  const needs = {
    delta: history,
    pair_context: history,
    pair_counts: spec.baselines.pairCounts.enabled ? baselines : last,
    fg_a: baselines,
    fg_a_pair_context: last,
    fg_c: last,
  } as const;
  return (Object.keys(needs) as (keyof typeof needs)[]).map((dataset) => {
    const setting = `retention.${dataset}_days` as const;
    return { dataset, setting, days: settings[setting], ...needs[dataset] };
  });
}

/** Retentions that would take away what is still read, each with its remedy. */
export function retentionFaults(retentions: readonly Retention[]): string[] {
  return retentions
    .filter(({ days, neededDays }) => days < neededDays)
    .map(
      ({ setting, days, neededDays, reader, dataset }) =>
        `${setting}: is ${days}, but ${neededDays} days of ${dataset} are read: ${reader}; set ${setting} to ${neededDays} or more`,
    );
}
