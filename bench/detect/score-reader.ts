import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Manifest, ManifestFile } from '../../src/state/manifest.ts';
import { fileScan, openReader, PROJECT, readManifests } from '../../test/support/committed-lake.ts';
import { ALERT_FAMILIES, AS_SPECIFIED, scoresOf, type Variant } from './alert-families.ts';
import type { HostTrack } from './alerts.ts';
import { dateOf, type Span } from './timeline.ts';

export interface Tracks {
  readonly tracks: readonly HostTrack[];
  readonly rows: number;
  /** Rows by the horizon that they were taken from. */
  readonly horizons: Readonly<Record<string, number>>;
  /** Rows that may not alert, since data health was bad. */
  readonly degraded: number;
  /** Slices that were committed without deviations. */
  readonly slicesWithout: number;
}

interface Growing {
  readonly ends: number[];
  readonly scores: readonly number[][];
}

/** Scores of all hosts at the slices that end in a span, [start, end), from the files that the home's manifests name. */
export async function readTracks(home: string, span: Span, variant: Variant = AS_SPECIFIED): Promise<Tracks> {
  const reader = await openReader();
  const hosts = new Map<string, Growing>();
  const horizons: Record<string, number> = {};
  let [rows, degraded, slicesWithout] = [0, 0, 0];
  for (const manifests of byDay(readManifests(home), span)) {
    const chosen = manifests.map((manifest) => filesOf(manifest, variant));
    const bad = new Set(manifests.filter(({ health }) => health['is_degraded'] === 1).map(endOf));
    for (const { horizon, files } of chosen) {
      if (files.length === 0) slicesWithout++;
      else horizons[horizon] = (horizons[horizon] ?? 0) + files.reduce((sum, file) => sum + file.rows, 0);
    }
    const paths = chosen.flatMap(({ files }) => files.map(({ path }) => path));
    for (const [host, end, ...scores] of await scoresIn(reader, home, paths, variant)) {
      const track = hosts.get(host) ?? { ends: [], scores: ALERT_FAMILIES.map(() => []) };
      hosts.set(host, track);
      const isBad = bad.has(end);
      rows++;
      if (isBad) degraded++;
      track.ends.push(end);
      for (const [family, own] of track.scores.entries()) own.push(isBad ? Number.NaN : scores[family]!);
    }
  }
  reader.closeSync();
  const tracks = [...hosts].map(([host, { ends, scores }]) => ({
    host,
    ends: Float64Array.from(ends),
    scores: scores.map((own) => Float64Array.from(own)),
  }));
  return { tracks, rows, horizons, degraded, slicesWithout };
}

const endOf = ({ slice }: Manifest): number => Date.parse(slice.slice_end_ts);

/** A day at a time, so that memory holds the columns of one. */
function byDay(manifests: readonly Manifest[], { start, end }: Span): Manifest[][] {
  const within = manifests.filter((manifest) => endOf(manifest) >= start && endOf(manifest) < end);
  return [...Map.groupBy(within, (manifest) => dateOf(endOf(manifest))).values()];
}

function filesOf({ datasets }: Manifest, variant: Variant): { horizon: string; files: ManifestFile[] } {
  const all = datasets['fg_c']?.files ?? [];
  const of = (horizon: string) => all.filter(({ path }) => path.includes(`/baseline_horizon=${horizon}/`));
  const month = variant.horizon === '7d' ? [] : of('30d');
  return month.length > 0 ? { horizon: '30d', files: month } : { horizon: '7d', files: of('7d') };
}

type ScoreRow = readonly [host: string, end: number, ...scores: number[]];

async function scoresIn(
  reader: DuckDBConnection,
  home: string,
  paths: readonly string[],
  variant: Variant,
): Promise<ScoreRow[]> {
  if (paths.length === 0) return [];
  const result = await reader.runAndReadAll(
    `SELECT host_ip, epoch_ms(window_end_ts)::DOUBLE, ${scoresOf(variant, join(home, 'lake', PROJECT)).join(', ')} ` +
      `FROM ${fileScan(home, paths)} ORDER BY window_end_ts`,
  );
  return result.getRowsJS() as unknown as ScoreRow[];
}
