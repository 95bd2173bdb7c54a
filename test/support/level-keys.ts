import type { LevelKeys } from '../../src/operators/baseline-datasets.ts';
import { type BinRows, type RowGroups, WHOLE_PROJECT } from '../../src/operators/baseline-rows.ts';

/** What the groups of one bin are called, as jobs call those of all bins. */
export const hostKeys = (
  { hosts, segments, segmentOfHost }: BinRows,
  { length, code, band }: RowGroups,
): LevelKeys => ({
  owner: 'host_ip',
  length,
  owners: (group) => hosts[code[group]!]!,
  segments: (group) => segments[segmentOfHost[code[group]!]!]!,
  band,
});

export const segmentKeys = ({ segments }: BinRows, { length, code, band }: RowGroups): LevelKeys => ({
  owner: 'segment_id',
  length,
  owners: (group) => segments[code[group]!]!,
  segments: (group) => segments[code[group]!]!,
  band,
});

/** One group, or the time bands given. */
export const projectKeys = (bands: Uint8Array | null): LevelKeys => ({
  owner: 'segment_id',
  length: bands?.length ?? 1,
  owners: () => WHOLE_PROJECT,
  segments: () => WHOLE_PROJECT,
  band: bands,
});
