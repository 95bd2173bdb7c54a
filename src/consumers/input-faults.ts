import type { BatchSpec } from '../config/batch-spec.ts';
import { REQUIRED_FIELDS } from '../config/canonical-fields.ts';
import type { FileFlows } from '../operators/flow-reader.ts';
import { QUALITY_RULES, type QualityCounts, type QualityRule } from '../operators/quality.ts';
import { type RecordField, SLOTS } from '../operators/record.ts';

/** Below this many lines or records, shares say little. */
export const ENOUGH = 100;

export function rejectedOf(counts: QualityCounts): number {
  return (Object.keys(counts) as QualityRule[])
    .filter((rule) => QUALITY_RULES[rule].effect === 'rejected')
    .reduce((sum, rule) => sum + counts[rule], 0);
}

/** Adds the files' counts up. */
export function addCounts(files: readonly { readonly counts: QualityCounts }[], into: QualityCounts): void {
  for (const { counts } of files) {
    for (const rule of Object.keys(counts) as QualityRule[]) into[rule] += counts[rule];
  }
}

type Seen = Pick<FileFlows, 'lines' | 'trafficRecords' | 'carried'>;

/**
 * Why a mini-batch cannot be what the spec says it is; undefined if it can. @param enough records or lines, from which on
 * their shares count.
 */
export function inputFault(
  files: readonly Seen[],
  counts: QualityCounts,
  spec: BatchSpec,
  enough = ENOUGH,
): string | undefined {
  const lines = files.reduce((sum, file) => sum + file.lines, 0);
  const records = files.reduce((sum, file) => sum + file.trafficRecords, 0);
  const carried = files.reduce((bits, file) => bits | file.carried, 0);
  const lacks = (field: RecordField): boolean => (carried & (1 << SLOTS[field])) === 0;
  const isDerived = (field: RecordField): boolean =>
    field === 'event_end' && !lacks('duration') && !lacks('event_start');
  const missing = records < enough ? [] : REQUIRED_FIELDS.filter((field) => lacks(field) && !isDerived(field));
  if (missing.length > 0) {
    return (
      `none of ${records} TRAFFIC records carries ${missing.map((field) => sourceOf(spec, field)).join(', ')}; ` +
      'correct delta_builder input.field_mapping or input.preset'
    );
  }
  const rejected = rejectedOf(counts);
  const limit = spec.dq.maxRejectedRatio;
  if (lines >= enough && rejected / lines > limit) {
    const reasons = (Object.keys(counts) as QualityRule[])
      .filter((rule) => QUALITY_RULES[rule].effect === 'rejected' && counts[rule] > 0)
      .map((rule) => `${rule} ${counts[rule]}`);
    return (
      `${rejected} of ${lines} lines were rejected (${reasons.join(', ')}), more than dq.max_rejected_ratio ${limit}; ` +
      (counts.malformed_json * 2 > rejected ? 'a line is one JSON object, not a part of one or a list; ' : '') +
      'correct the field mapping or the source, or raise the ratio'
    );
  }
  return undefined;
}

/** Optional fields that no record carries, each with what stays empty for it. */
export function absentOptionalFields(files: readonly Seen[], spec: BatchSpec): string[] {
  const carried = files.reduce((bits, file) => bits | file.carried, 0);
  const records = files.reduce((sum, file) => sum + file.trafficRecords, 0);
  if (records < ENOUGH) return [];
  const optional: readonly RecordField[] = ['event_action', 'event_reason', 'network_transport'];
  return optional
    .filter((field) => (carried & (1 << SLOTS[field])) === 0)
    .map((field) => `no record carries ${sourceOf(spec, field)}: what counts it stays 0`);
}

/** `event_start (read from "start_time")` */
export const sourceOf = (spec: BatchSpec, field: RecordField): string =>
  `${field} (read from "${spec.fieldMapping[field].join('.')}")`;
