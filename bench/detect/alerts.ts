import { DAY } from './timeline.ts';

/** The rows of one host in the order of their ends. */
export interface HostTrack {
  readonly host: string;
  /** Ends of slices, ms UTC. */
  readonly ends: Float64Array;
  /** By family: a score per row. NaN where a row may not alert: data health was bad. */
  readonly scores: readonly Float64Array[];
}

export interface Alert {
  readonly host: string;
  /** Place of the family. */
  readonly family: number;
  readonly opened: number;
}

/** An alert is closed when no row was above the limit for so long. */
export const CLOSED_AFTER = DAY;

/**
 * When a (host, family) opens alerts: a row is above the limit, and no row of the 24 hours before it was.
 *
 * @param limit scores above it alert, scores at it do not
 */
export function openings(ends: Float64Array, scores: Float64Array, limit: number): number[] {
  const opened: number[] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < ends.length; row++) {
    if (!(scores[row]! > limit)) continue;
    const end = ends[row]!;
    if (end - last > CLOSED_AFTER) opened.push(end);
    last = end;
  }
  return opened;
}

/** All alerts, in the order in which they open. */
export function alertsOf(tracks: readonly HostTrack[], limits: readonly number[]): Alert[] {
  return tracks
    .flatMap(({ host, ends, scores }) =>
      limits.flatMap((limit, family) =>
        openings(ends, scores[family]!, limit).map((opened) => ({ host, family, opened })),
      ),
    )
    .sort((a, b) => a.opened - b.opened);
}
