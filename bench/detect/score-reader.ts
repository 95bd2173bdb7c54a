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
import { ALERT_FAMILIES, scoresOf, type Variant, withoutDays } from './alert-families.ts';
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

/** Which slices' data health was bad. */
interface BadSlices {
  has(end: number): boolean;
  /** Whether one ended in the `before` ms up to `end`. */
  within(end: number, before: number): boolean;
}

/**
 * Scores of all hosts at the slices that end in a span, [start, end), from the files that the home's manifests name, as each of the
 * variants has them. Files are read once for all of them.
 */
export async function readTracks(home: string, span: Span, variants: readonly Variant[]): Promise<Tracks[]> {
  const reader = await openReader();
  const all = readManifests(home);
  if (variants.some(({ readsPairs }) => readsPairs)) await makeEvidence(reader, pairRowsOf(home, all, span));
  const bad = badSlicesOf(all);
  const wanted = all.filter((manifest) => endOf(manifest) >= span.start && endOf(manifest) < span.end);
  const growing = variants.map((variant) => growTracks(variant, bad, wanted.length));
  for (const day of daysOf(wanted, bad)) {
    const isSettling = bad.within(endOf(day[0]!), DAY);
    for (const alike of Map.groupBy(growing, ({ variant }) => variant.horizon).values()) {
      const chosen = day.map((manifest) => filesOf(manifest, alike[0]!.variant));
      for (const one of alike) for (const files of chosen) one.note(files);
      const paths = chosen.flatMap(({ files }) => files.map(({ path }) => path));
      const scores = alike.flatMap(({ variant }) =>
        scoresOf(variant.settles && isSettling ? withoutDays(variant) : variant, join(home, 'lake', PROJECT)),
      );
      for (const [host, end, ...values] of await scoresIn(reader, home, paths, scores)) {
        for (const [place, one] of alike.entries()) one.add(host, end, values, place * ALERT_FAMILIES.length);
      }
    }
  }
  reader.closeSync();
  return growing.map((one) => one.finish());
}

const endOf = ({ slice }: Manifest): number => Date.parse(slice.slice_end_ts);

function badSlicesOf(manifests: readonly Manifest[]): BadSlices {
  const ends = new Set(manifests.filter(({ health }) => health['is_degraded'] === 1).map(endOf));
  return {
    has: (end) => ends.has(end),
    within: (end, before) => [...ends].some((at) => at <= end && at > end - before),
  };
}

/** A day at a time, so that memory holds the columns of one; slices behind bad ones by themselves. */
function daysOf(manifests: readonly Manifest[], bad: BadSlices): Manifest[][] {
  const days: Manifest[][] = [];
  let before = '';
  for (const manifest of manifests) {
    const kind = `${dateOf(endOf(manifest))} ${bad.within(endOf(manifest), DAY)}`;
    if (kind !== before) days.push([]);
    days.at(-1)!.push(manifest);
    before = kind;
  }
  return days;
}

interface GrowingTrack {
  rows: number;
  readonly ends: Float64Array;
  readonly scores: readonly Float64Array[];
}

/** @param most rows that a host can have: memory of a dozen variants is more than a heap takes, so it lies beside. */
function growTracks(variant: Variant, bad: BadSlices, most: number) {
  const hosts = new Map<string, GrowingTrack>();
  const horizons: Record<string, number> = {};
  let [rows, degraded, slicesWithout] = [0, 0, 0];
  return {
    variant,
    /** Notes which files the rows of a slice come from. */
    note({ horizon, files }: ChosenFiles): void {
      if (files.length === 0) slicesWithout++;
      else horizons[horizon] = (horizons[horizon] ?? 0) + files.reduce((sum, file) => sum + file.rows, 0);
    },
    /** `values` from place `first` on are the row's scores by family. */
    add(host: string, end: number, values: readonly number[], first: number): void {
      const track = hosts.get(host) ?? {
        rows: 0,
        ends: new Float64Array(most),
        scores: ALERT_FAMILIES.map(() => new Float64Array(most)),
      };
      hosts.set(host, track);
      const isSilent = variant.settles ? bad.within(end, HOUR) : bad.has(end);
      track.ends[track.rows] = end;
      for (const [family, column] of track.scores.entries()) {
        column[track.rows] = isSilent ? Number.NaN : values[first + family]!;
      }
      track.rows++;
      rows++;
      if (bad.has(end)) degraded++;
    },
    finish(): Tracks {
      const tracks = [...hosts].map(([host, { rows: length, ends, scores }]) => ({
        host,
        ends: ends.subarray(0, length),
        scores: scores.map((column) => column.subarray(0, length)),
      }));
      return { tracks, rows, horizons, degraded, slicesWithout };
    },
  };
}

function pairRowsOf(home: string, manifests: readonly Manifest[], { start, end }: Span): PairRows {
  const from = (first: number): string => {
    const within = manifests.filter((manifest) => endOf(manifest) >= first && endOf(manifest) < end);
    return fileScan(home, filesOfDataset(within, 'pair_context'));
  };
  return { known: from(Number.NEGATIVE_INFINITY), recent: from(start - DAY) };
}

interface ChosenFiles {
  readonly horizon: string;
  readonly files: readonly ManifestFile[];
}

function filesOf({ datasets }: Manifest, variant: Variant): ChosenFiles {
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
  scores: readonly string[],
): Promise<ScoreRow[]> {
  if (paths.length === 0) return [];
  const besides = scores.some((sql) => sql.includes('evidence.'))
    ? 'LEFT JOIN evidence ON (host, until) = (host_ip, epoch_ms(window_end_ts))'
    : '';
  const result = await reader.runAndReadAll(
    `SELECT host_ip, epoch_ms(window_end_ts)::DOUBLE, ${scores.join(', ')} ` +
      `FROM ${fileScan(home, paths)} ${besides} ORDER BY window_end_ts`,
  );
  return result.getRowsJS() as unknown as ScoreRow[];
}
