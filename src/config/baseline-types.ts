import type { z } from 'zod';
import { BASELINE_METRICS, baselineMetricOf, HORIZONS, type Horizon } from '../operators/baseline-metrics.ts';
import type { JoinKey } from './baseline-spec.ts';
import { suggestion } from './nearest-key.ts';
import { show } from './shown-value.ts';
import { listOf, oneOf, unreadable, value } from './value-types.ts';

const METRIC_NAMES = BASELINE_METRICS.map(({ name }) => name);

/** A column of FG-A that has a baseline. */
export const metricColumn: z.ZodType<string> = value('a metric of FG-A such as sessions_cnt_w_15m', (raw) => {
  if (typeof raw !== 'string') return undefined;
  const name = raw.trim();
  if (baselineMetricOf(name) !== undefined) return name;
  return unreadable(`is ${show(raw)}, which is no metric of FG-A${suggestion(name, METRIC_NAMES)}`);
});

/** Columns, each once, in the order given. */
export const metricColumns: z.ZodType<readonly string[]> = listOf(metricColumn).transform((list) => [
  ...new Set(list),
]) as z.ZodType<readonly string[]>;

/** Horizons, each once, the shorter first. */
export const horizons: z.ZodType<readonly Horizon[]> = listOf(oneOf(...HORIZONS))
  .refine((list) => list.length > 0, `is empty; expected some of ${HORIZONS.join(', ')}`)
  .transform((list) => HORIZONS.filter((horizon) => list.includes(horizon))) as z.ZodType<readonly Horizon[]>;

const JOIN_KEYS: readonly JoinKey[] = ['host_ip', 'window_label', 'segment_id', 'time_band'];
export const DEFAULT_JOIN_KEYS: readonly JoinKey[] = ['host_ip', 'window_label'];

/** Keys of a baseline, in one order whatever the order given. */
export const joinKeys: z.ZodType<readonly JoinKey[]> = listOf(oneOf(...JOIN_KEYS))
  .refine((list) => list.includes('host_ip'), 'lacks host_ip, without which no host has a baseline of its own; add it')
  .transform((list) => JOIN_KEYS.filter((key) => list.includes(key))) as z.ZodType<readonly JoinKey[]>;
