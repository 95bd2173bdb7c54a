import type { BatchSpec } from '../config/batch-spec.ts';
import type { Settings } from '../config/settings.ts';

/** How long a dataset is kept, and how long it has to be. */
export interface Retention {
  readonly dataset: keyof BatchSpec['outputs'];
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
const HOURS_PER_DAY = 24;

/** What is kept for how long under the settings. */
export function retentionsOf(settings: Settings, spec: Pick<BatchSpec, 'fgA'>): Retention[] {
  const lateHours = settings['state.late_hours'];
  const late = Math.ceil(lateHours / HOURS_PER_DAY);
  const behind = `for mini-batches up to ${lateHours} h late (state.late_hours)`;
  const history = spec.fgA.enabled
    ? { neededDays: LOOKBACK_DAYS + late, reader: `the 30-day lookback, from midnight on, ${behind}` }
    : { neededDays: WINDOW_DAYS + late, reader: `windows of 24 h, ${behind}` };
  const last = { neededDays: WINDOW_DAYS + late, reader: `what is published again, ${behind}` };
  const needs = {
    delta: history,
    pair_context: history,
    pair_counts: last,
    fg_a: last,
    fg_a_pair_context: last,
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
