/** What a metric is, read from its name alone. */

import { DAY, HOUR, MINUTE } from './times.ts';

export type Kind = 'asymmetry' | 'entropy' | 'share' | 'bytes' | 'seconds' | 'count';

export const WINDOWS: Readonly<Record<string, number>> = {
  w_15m: 15 * MINUTE,
  w_30m: 30 * MINUTE,
  w_1h: HOUR,
  w_8h: 8 * HOUR,
  w_24h: DAY,
};

const COLUMN = /^(in_)?(.+)_(w_15m|w_30m|w_1h|w_8h|w_24h)$/;

/** Whether an FG-A column is a metric of a window. */
export const isMetric = (column: string): boolean => COLUMN.test(column);

/** Name without direction and window. */
export function baseOf(column: string): string {
  const match = COLUMN.exec(column);
  if (match === null) throw new Error(`${column} is no metric of a window`);
  return match[2]!;
}

/** Young rows have zeros there that say nothing. */
export const readsLookback = (column: string): boolean =>
  /_lookback30d$|^new_to_project_peer_cnt$/.test(baseOf(column));

const known = new Map<string, Kind>();

export function kindOf(column: string): Kind {
  const kind = known.get(column) ?? kindByName(column);
  known.set(column, kind);
  return kind;
}

function kindByName(column: string): Kind {
  const base = baseOf(column);
  if (base === 'bytes_asymmetry_ratio') return 'asymmetry';
  if (base.endsWith('_entropy')) return 'entropy';
  // The lookback is a suffix of its own: a ratio that reads it is a ratio still.
  if (/_(share|ratio)$/.test(base.replace(/_lookback30d$/, ''))) return 'share';
  if (['bytes_src_sum', 'bytes_dst_sum', 'external_bytes_sent'].includes(base)) return 'bytes';
  if (['duration_sum', 'duration_mean'].includes(base)) return 'seconds';
  return 'count';
}

const FLOORS: Readonly<Record<Kind, number>> = {
  asymmetry: 1,
  entropy: 0.05,
  share: 0.05,
  bytes: 1000,
  seconds: 1,
  count: 1,
};

export const floorOf = (column: string): number => FLOORS[kindOf(column)];

/** The scale on which heavy tails are compared. */
export function transformed(column: string, value: number): number {
  const kind = kindOf(column);
  if (kind === 'count' || kind === 'seconds') return Math.log(1 + value);
  if (kind === 'bytes') return Math.log(1 + value / 1000);
  return value;
}

export function transformedFloorOf(column: string): number {
  const kind = kindOf(column);
  if (kind === 'share' || kind === 'asymmetry') return 0.15;
  return 0.35;
}
