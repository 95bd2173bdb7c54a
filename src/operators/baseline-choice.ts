import { type HostPack, joinedKey, placeOfText, type SegmentPack } from './baseline-pack.ts';
import { WHOLE_PROJECT } from './baseline-rows.ts';
import type { StatisticLayout } from './statistic-rows.ts';

export const BASELINE_SOURCES = ['host', 'segment', 'project'] as const;
export type BaselineSource = (typeof BASELINE_SOURCES)[number];

/** Every way in which a coarser baseline, or none, stands in: nothing else is ever filled in. */
export const FALLBACK_REASONS = {
  no_metadata: 'rows of hosts that have no baseline',
  non_persistent: 'rows of machines that do not last',
  cold_start: 'rows of hosts without a full history',
  segment_unseen: 'of these, rows whose segment has no baseline: the project instead',
  segment_small: 'of these, rows whose segment has too few hosts: the project instead',
  metric_from_segment: 'metrics in which a warm host is cold: the segment instead',
  metric_from_project: 'metrics without support in host and segment: the project instead',
  metric_without_support: 'metrics without support anywhere: no deviation',
  pair_from_segment: "pairs whose rarity is the segment's",
  pair_unseen: 'pairs that neither host nor segment had: rarest',
  pair_counts_disabled: 'rows without pair features, as pair counts are switched off',
} as const;
export type FallbackReason = keyof typeof FALLBACK_REASONS;
export type Fallbacks = Record<FallbackReason, number>;

const noFallbacks = (): Fallbacks =>
  Object.fromEntries(Object.keys(FALLBACK_REASONS).map((reason) => [reason, 0])) as Fallbacks;

/** Which statistics every row is compared with. */
export interface BaselineChoice {
  /** Place in BASELINE_SOURCES. */
  readonly source: Uint8Array;
  readonly isCold: Uint8Array;
  /** Place of the row's key in the host pack; -1: it has none. */
  readonly host: Int32Array;
  /** Where the host's statistics begin in the host pack's values; -1: the segment's are taken. */
  readonly hostAt: Int32Array;
  /** Where the segment's begin in `segmentValues`. */
  readonly segmentAt: Int32Array;
  /**
   * Statistics of the rows' segments, completed metric by metric by the project's, which are all there is for segments unseen
   * or small. NaN: the project has none either.
   */
  readonly segmentValues: Float64Array;
  /** By half the place in segmentValues: 1 where the number is the project's. */
  readonly isProjects: Uint8Array;
  readonly fallbacks: Fallbacks;
}

/**
 * Chooses the baseline of every row: a warm host's own, else its segment's if enough hosts made it, else the project's.
 *
 * @param hosts host_ip by row; `segmentIds` by row; `timeBand` of the rows, which counts where baselines are joined by it.
 */
export function chooseBaselines(
  hosts: readonly string[],
  segmentIds: readonly string[],
  timeBand: string,
  hostPack: HostPack,
  segmentPack: SegmentPack,
  layout: StatisticLayout,
): BaselineChoice {
  const rows = hosts.length;
  const completed = completeSegments(segmentPack, timeBand, layout);
  const choice = {
    source: new Uint8Array(rows),
    isCold: new Uint8Array(rows),
    host: new Int32Array(rows),
    hostAt: new Int32Array(rows).fill(-1),
    segmentAt: new Int32Array(rows),
  };
  const fallbacks = noFallbacks();
  for (let row = 0; row < rows; row++) {
    const segment = completed.of(segmentIds[row]!);
    choice.segmentAt[row] = segment.at;
    const host = placeOfText(hostPack.keys, joinedKey(hostPack, hosts[row]!, segmentIds[row], timeBand));
    choice.host[row] = host;
    const statistics = host < 0 ? -1 : hostPack.row[host]!;
    if (statistics >= 0) {
      choice.hostAt[row] = statistics * layout.width;
      continue;
    }
    choice.isCold[row] = 1;
    choice.source[row] = BASELINE_SOURCES.indexOf(segment.isProject ? 'project' : 'segment');
    fallbacks[host < 0 ? 'no_metadata' : hostPack.isNonPersistent[host] === 1 ? 'non_persistent' : 'cold_start']++;
    if (segment.isProject) fallbacks[segment.isSmall ? 'segment_small' : 'segment_unseen']++;
    else fallbacks.metric_from_project += segment.fromProject;
    fallbacks.metric_without_support += segment.withoutSupport;
  }
  return { ...choice, ...completed.values(), fallbacks };
}

interface CompletedSegment {
  readonly at: number;
  readonly isProject: boolean;
  readonly isSmall: boolean;
  /** Metrics that only the project has, and that nobody has. */
  readonly fromProject: number;
  readonly withoutSupport: number;
}

/** Completes the statistics of the segments that are asked for, each once. */
function completeSegments(pack: SegmentPack, timeBand: string, layout: StatisticLayout) {
  const { width } = layout;
  const parts: { values: Float64Array; isProjects: Uint8Array }[] = [];
  const known = new Map<string, CompletedSegment>();
  const rowOf = (place: number): Float64Array | undefined => {
    const row = place < 0 ? -1 : pack.row[place]!;
    return row < 0 ? undefined : pack.values.subarray(row * width, (row + 1) * width);
  };
  const projectPlace = placeOfText(pack.keys, joinedKey(pack, WHOLE_PROJECT, undefined, timeBand));
  const project = rowOf(projectPlace) ?? new Float64Array(width).fill(Number.NaN);
  const counted = countedPairs(layout);

  return {
    of(segmentId: string): CompletedSegment {
      const before = known.get(segmentId);
      if (before !== undefined) return before;
      const place = placeOfText(pack.keys, joinedKey(pack, segmentId, undefined, timeBand));
      const own = rowOf(place);
      const values = (own ?? project).slice();
      const isProjects = new Uint8Array(width / 2).fill(own === undefined ? 1 : 0);
      for (let at = 0; at < width; at += 2) {
        if (!Number.isNaN(values[at + 1])) continue;
        values[at] = project[at]!;
        values[at + 1] = project[at + 1]!;
        isProjects[at / 2] = 1;
      }
      const isMissing = (at: number): boolean => Number.isNaN(values[at + 1]);
      const segment = {
        at: parts.length * width,
        isProject: own === undefined,
        isSmall: own === undefined && place >= 0,
        fromProject: counted.filter((at) => isProjects[at / 2] === 1 && !isMissing(at)).length,
        withoutSupport: counted.filter(isMissing).length,
      };
      parts.push({ values, isProjects });
      known.set(segmentId, segment);
      return segment;
    },
    values(): { segmentValues: Float64Array; isProjects: Uint8Array } {
      const segmentValues = new Float64Array(parts.length * width);
      const isProjects = new Uint8Array(segmentValues.length / 2);
      parts.forEach((part, i) => {
        segmentValues.set(part.values, i * width);
        isProjects.set(part.isProjects, (i * width) / 2);
      });
      return { segmentValues, isProjects };
    },
  };
}

/** Places of pairs that stand for each metric once: a metric may have a pair in several sections. */
function countedPairs({ centred, behaviours, behavioursAt }: StatisticLayout): readonly number[] {
  const names = new Set(centred.map(({ name }) => name));
  return [
    ...centred.map((_, i) => 2 * i),
    ...behaviours.flatMap(({ name }, i) => (names.has(name) ? [] : [behavioursAt + 2 * i])),
  ];
}
