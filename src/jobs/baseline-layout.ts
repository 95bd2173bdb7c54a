import { WHOLE_PROJECT } from '../operators/baseline-rows.ts';
import type { IpMetadata } from '../operators/cold-start.ts';
import type { BinReport } from './baseline-bin.ts';

/** Rows of a table in the order of its keys, whichever bins they come from. */
export interface TableLayout {
  readonly owners: readonly string[];
  readonly segmentIds: readonly string[];
  /** Place in TIME_BANDS; null where rows are not split by it. */
  readonly band: Uint8Array | null;
  /** Rows of the table by group, bin by bin. */
  readonly places: readonly Uint32Array[];
}

export interface BaselineLayout {
  readonly hosts: TableLayout;
  readonly segments: TableLayout;
  readonly hostsCount: Float64Array;
  readonly sampleRate: Float64Array;
  /** Of the whole project: time bands and rows in the segment table. */
  readonly projectBand: Uint8Array | null;
  readonly projectPlaces: readonly number[];
}

interface Row {
  readonly bin: number;
  readonly group: number;
  readonly owner: string;
  readonly segmentId: string;
  readonly band: number;
}

/** Where the groups of all bins stand in the tables. `projectRates`: by time band, or one. */
export function layOut(
  bins: readonly BinReport[],
  byTimeBand: boolean,
  projectRates: readonly number[],
): BaselineLayout {
  const ofHosts = bins.flatMap(({ hosts, segments, segmentOfHost, hostCode, hostBand }, bin) =>
    hostCode.map((code, group): Row => {
      const segmentId = segments[segmentOfHost[code]!]!;
      return { bin, group, owner: hosts[code]!, segmentId, band: hostBand?.[group] ?? 0 };
    }),
  );
  const ofSegments = bins.flatMap(({ segments, segmentCode, segmentBand }, bin) =>
    segmentCode.map((code, group): Row => {
      const owner = segments[code]!;
      return { bin, group, owner, segmentId: owner, band: segmentBand?.[group] ?? 0 };
    }),
  );
  const hostsOfBand = new Map<number, number>();
  for (const { projectBand, projectHosts } of bins) {
    projectHosts.forEach((hosts, group) => {
      const band = projectBand?.[group] ?? 0;
      hostsOfBand.set(band, (hostsOfBand.get(band) ?? 0) + hosts);
    });
  }
  const bands = [...hostsOfBand.keys()].sort();
  const ofProject = bands.map(
    (band, group): Row => ({
      bin: bins.length,
      group,
      owner: WHOLE_PROJECT,
      segmentId: WHOLE_PROJECT,
      band,
    }),
  );
  const segmentRows = inOrder([...ofProject, ...ofSegments]);
  const countOf = ({ bin, group, band }: Row): number => bins[bin]?.segmentHosts[group] ?? hostsOfBand.get(band)!;
  const rateOf = ({ bin, group, band }: Row): number => bins[bin]?.segmentRates[group] ?? projectRates[band]!;
  const segments = tableOf(segmentRows, bins.length + 1, byTimeBand);
  return {
    hosts: tableOf(inOrder(ofHosts), bins.length, byTimeBand),
    segments,
    hostsCount: Float64Array.from(segmentRows, countOf),
    sampleRate: Float64Array.from(segmentRows, rateOf),
    projectBand: byTimeBand ? Uint8Array.from(bands) : null,
    projectPlaces: [...segments.places.at(-1)!],
  };
}

const inOrder = (rows: readonly Row[]): Row[] =>
  rows.toSorted((a, b) => (a.owner === b.owner ? a.band - b.band : a.owner < b.owner ? -1 : 1));

function tableOf(rows: readonly Row[], bins: number, byTimeBand: boolean): TableLayout {
  const places: number[][] = Array.from({ length: bins }, () => []);
  rows.forEach(({ bin, group }, place) => {
    places[bin]![group] = place;
  });
  return {
    owners: rows.map(({ owner }) => owner),
    segmentIds: rows.map(({ segmentId }) => segmentId),
    band: byTimeBand ? Uint8Array.from(rows, ({ band }) => band) : null,
    places: places.map((own) => Uint32Array.from(own)),
  };
}

/** What is known of the hosts of all bins, in the order of the table. */
export function metadataInOrder(bins: readonly BinReport[], { owners, places }: TableLayout): IpMetadata {
  type Metadata = BinReport['metadata'];
  const gather = <T>(valuesOf: (metadata: Metadata) => readonly T[]): T[] => {
    const all = new Array<T>(owners.length);
    bins.forEach(({ metadata }, bin) => {
      valuesOf(metadata).forEach((value, group) => {
        all[places[bin]![group]!] = value;
      });
    });
    return all;
  };
  return {
    isFullHistory: Uint8Array.from(gather((of) => of.isFullHistory)),
    isNonPersistent: Uint8Array.from(gather((of) => of.isNonPersistent)),
    isColdStart: Uint8Array.from(gather((of) => of.isColdStart)),
    machineName: gather((of) => of.machineName),
    activeSlices: Float64Array.from(gather((of) => of.activeSlices)),
    activeDays: Float64Array.from(gather((of) => of.activeDays)),
    activeWorkingShare: Float64Array.from(gather((of) => of.activeWorkingShare)),
  };
}

/**
 * Bounds that divide owners into ranges of about as many rows each; at most `ranges - 1` of them, ascending.
 */
export function boundsOf(
  owners: readonly { readonly owner: string; readonly rows: number }[],
  ranges: number,
): string[] {
  const sorted = owners.toSorted((a, b) => (a.owner < b.owner ? -1 : 1));
  const total = sorted.reduce((n, { rows }) => n + rows, 0);
  const bounds: string[] = [];
  let before = 0;
  for (const { owner, rows } of sorted) {
    if (before >= (total * (bounds.length + 1)) / ranges && bounds.length < ranges - 1 && owner !== bounds.at(-1))
      bounds.push(owner);
    before += rows;
  }
  return bounds;
}
