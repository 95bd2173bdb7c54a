import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Manifest, ManifestFile } from '../../src/state/manifest.ts';
import {
  fileScan,
  filesOf as filesOfDataset,
  openReader,
  PROJECT,
  readManifests,
} from '../../test/support/committed-lake.ts';
import { ALERT_FAMILIES, AS_SPECIFIED, scoresOf, type Variant, withoutDays } from './alert-families.ts';
import type { HostTrack } from './alerts.ts';
import { makeEvidence, type PairRows } from './pair-evidence.ts';
import { DAY, dateOf, HOUR, type Span } from './timeline.ts';

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
  const all = readManifests(home);
  if (variant.readsPairs) await makeEvidence(reader, pairRowsOf(home, all, span));
  const bad = new Set(all.filter(({ health }) => health['is_degraded'] === 1).map(endOf));
  const holdsBad = (end: number, before: number): boolean => [...bad].some((at) => at <= end && at > end - before);
  const isSilent = (end: number): boolean => (variant.settles ? holdsBad(end, HOUR) : bad.has(end));
  const isSettling = (end: number): boolean => variant.settles === true && holdsBad(end, DAY);
  for (const manifests of readTogether(all, span, isSettling)) {
    const chosen = manifests.map((manifest) => filesOf(manifest, variant));
    for (const { horizon, files } of chosen) {
      if (files.length === 0) slicesWithout++;
      else horizons[horizon] = (horizons[horizon] ?? 0) + files.reduce((sum, file) => sum + file.rows, 0);
    }
    const paths = chosen.flatMap(({ files }) => files.map(({ path }) => path));
    const own = isSettling(endOf(manifests[0]!)) ? withoutDays(variant) : variant;
    for (const [host, end, ...scores] of await scoresIn(reader, home, paths, own)) {
      const track = hosts.get(host) ?? { ends: [], scores: ALERT_FAMILIES.map(() => []) };
      hosts.set(host, track);
      rows++;
      if (bad.has(end)) degraded++;
      track.ends.push(end);
      for (const [family, column] of track.scores.entries()) column.push(isSilent(end) ? Number.NaN : scores[family]!);
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

/** A day at a time, so that memory holds the columns of one; slices that are read in another way by themselves. */
function readTogether(
  manifests: readonly Manifest[],
  { start, end }: Span,
  isSettling: (end: number) => boolean,
): Manifest[][] {
  const together: Manifest[][] = [];
  let before = '';
  for (const manifest of manifests) {
    const at = endOf(manifest);
    if (at < start || at >= end) continue;
    const kind = `${dateOf(at)} ${isSettling(at)}`;
    if (kind !== before) together.push([]);
    together.at(-1)!.push(manifest);
    before = kind;
  }
  return together;
}

function pairRowsOf(home: string, manifests: readonly Manifest[], { start, end }: Span): PairRows {
  const from = (first: number): string => {
    const within = manifests.filter((manifest) => endOf(manifest) >= first && endOf(manifest) < end);
    return fileScan(home, filesOfDataset(within, 'pair_context'));
  };
  return { known: from(Number.NEGATIVE_INFINITY), recent: from(start - DAY) };
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
  const besides = variant.readsPairs ? 'LEFT JOIN evidence ON (host, until) = (host_ip, epoch_ms(window_end_ts))' : '';
  const result = await reader.runAndReadAll(
    `SELECT host_ip, epoch_ms(window_end_ts)::DOUBLE, ${scoresOf(variant, join(home, 'lake', PROJECT)).join(', ')} ` +
      `FROM ${fileScan(home, paths)} ${besides} ORDER BY window_end_ts`,
  );
  return result.getRowsJS() as unknown as ScoreRow[];
}
