import type { BatchSpec } from '../config/batch-spec.ts';
import { REQUIRED_FIELDS } from '../config/canonical-fields.ts';
import type { FileFlows } from '../operators/flow-reader.ts';
import { QUALITY_RULES, type QualityCounts, type QualityRule } from '../operators/quality.ts';
import { type RecordField, SLOTS } from '../operators/record.ts';

/** Below this many lines or records, shares say little. */
const ENOUGH = 100;

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
 * Why a mini-batch cannot be what the spec says it is; undefined if it can. `where` names the mini-batch.
 */
export function inputFault(
  files: readonly Seen[],
  counts: QualityCounts,
  spec: BatchSpec,
  where: string,
): string | undefined {
  const lines = files.reduce((sum, file) => sum + file.lines, 0);
  const records = files.reduce((sum, file) => sum + file.trafficRecords, 0);
  const carried = files.reduce((bits, file) => bits | file.carried, 0);
  const lacks = (field: RecordField): boolean => (carried & (1 << SLOTS[field])) === 0;
  const sourceOf = (field: RecordField): string => `${field} (read from "${spec.fieldMapping[field].join('.')}")`;
  const isDerived = (field: RecordField): boolean =>
    field === 'event_end' && !lacks('duration') && !lacks('event_start');
  const missing = records < ENOUGH ? [] : REQUIRED_FIELDS.filter((field) => lacks(field) && !isDerived(field));
  if (missing.length > 0) {
    return (
      `${where}: none of ${records} TRAFFIC records carries ${missing.map(sourceOf).join(', ')}; ` +
      'correct delta_builder input.field_mapping or input.preset'
    );
  }
  const rejected = rejectedOf(counts);
  const limit = spec.dq.maxRejectedRatio;
  if (lines >= ENOUGH && rejected / lines > limit) {
    const reasons = (Object.keys(counts) as QualityRule[])
      .filter((rule) => QUALITY_RULES[rule].effect === 'rejected' && counts[rule] > 0)
      .map((rule) => `${rule} ${counts[rule]}`);
    return (
      `${where}: ${rejected} of ${lines} lines were rejected (${reasons.join(', ')}), more than dq.max_rejected_ratio ${limit}; ` +
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
    .map(
      (field) =>
        `no record carries ${field} (read from "${spec.fieldMapping[field].join('.')}"): what counts it stays 0`,
    );
}
