import { ALERT_FAMILIES, type AlertFamily } from '../../../bench/detect/alert-families.ts';
import type { HostTrack } from '../../../bench/detect/alerts.ts';

export const HOUR = 3_600_000;

/** A host with a row an hour from `start` on; families that are not named score 0. */
export function track(host: string, start: number, scores: Partial<Record<AlertFamily, readonly number[]>>): HostTrack {
  const length = Object.values(scores).reduce((most, own) => Math.max(most, own.length), 0);
  return {
    host,
    ends: Float64Array.from({ length }, (_, row) => start + row * HOUR),
    scores: ALERT_FAMILIES.map((family) => Float64Array.from({ length }, (_, row) => scores[family]?.[row] ?? 0)),
  };
}
