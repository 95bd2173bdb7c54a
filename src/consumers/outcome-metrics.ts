import { HORIZONS } from '../operators/baseline-metrics.ts';
import type { LabelsOf, Meter } from './meter.ts';
import { METRICS } from './metrics-table.ts';
import type { CommittedOutcome, MiniBatchOutcome } from './outcome.ts';
import { type StreamName, streamKey } from './stream-name.ts';

type StreamLabels = LabelsOf<'ndr_lines_total'>;

export const labelsOf = ({ project, version }: StreamName): StreamLabels => ({
  project,
  feature_spec_version: version,
});

/** Takes down what becomes of mini-batches. */
export interface OutcomeRecorder {
  /**
   * To be called for every stream that is served, before its first outcome, with where it stands (ms UTC): a stream that
   * is silent since the start is old all the same, and its first failure is one more than none.
   */
  begin(stream: StreamName, newestSliceEnd: number | undefined): void;
  /** What `unchanged` ones and poison read counts as read; as written only what was committed. */
  record(stream: StreamName, outcome: MiniBatchOutcome): void;
}

/** @param clock ms UTC. */
export function openOutcomeRecorder(meter: Meter, clock: () => number): OutcomeRecorder {
  const newest = new Map<string, number>();
  /** True unless a later slice is known. */
  const advance = (stream: StreamName, sliceEnd: number): boolean => {
    const key = streamKey(stream);
    if (sliceEnd < (newest.get(key) ?? Number.NEGATIVE_INFINITY)) return false;
    newest.set(key, sliceEnd);
    meter.set('ndr_newest_slice_end_timestamp_seconds', labelsOf(stream), sliceEnd / 1000);
    return true;
  };
  return {
    begin(stream, newestSliceEnd) {
      meter.count('ndr_mini_batches_total', { ...labelsOf(stream), outcome: 'committed' }, 0);
      recordQuality(meter, labelsOf(stream), {});
      if (newestSliceEnd !== undefined) advance(stream, newestSliceEnd);
    },
    record(stream, outcome) {
      const labels = labelsOf(stream);
      meter.count('ndr_mini_batches_total', { ...labels, outcome: outcome.is });
      if (outcome.is === 'skipped') return;
      recordQuality(meter, labels, outcome.dq ?? {});
      if (outcome.is === 'poison') return;
      meter.count('ndr_raw_bytes_total', labels, outcome.volume.rawBytes);
      if (outcome.is === 'committed') recordCommit(meter, labels, outcome, clock());
      if (!advance(stream, outcome.sliceEnd)) return;
      recordBaselines(meter, labels, outcome.baselines);
      meter.set('ndr_coverage_ratio', labels, outcome.health.coverage);
    },
  };
}

function recordCommit(
  meter: Meter,
  labels: StreamLabels,
  { revision, rows, fallbacks, volume, health, affects, lateMs }: CommittedOutcome,
  now: number,
): void {
  meter.set('ndr_last_commit_timestamp_seconds', labels, now / 1000);
  if (revision > 1) meter.count('ndr_revisions_total', labels);
  if (health.isDegraded) meter.count('ndr_degraded_mini_batches_total', labels);
  meter.count('ndr_files_written_total', labels, volume.files);
  meter.count('ndr_bytes_written_total', labels, volume.bytes);
  for (const dataset of METRICS.ndr_rows_written_total.labels.dataset.values)
    meter.count('ndr_rows_written_total', { ...labels, dataset }, rows[dataset] ?? 0);
  for (const reason of METRICS.ndr_fallback_total.labels.reason.values)
    meter.count('ndr_fallback_total', { ...labels, reason }, fallbacks[reason] ?? 0);
  if (affects.length === 0) return;
  meter.count('ndr_affected_marked_total', labels, affects.length);
  meter.observe('ndr_lateness_seconds', labels, lateMs / 1000);
}

/** `30d@2026-03-01T00:00:00Z <digest>`, as manifests name them. */
function recordBaselines(meter: Meter, labels: StreamLabels, baselines: readonly string[]): void {
  for (const name of baselines) {
    const [of, instant = ''] = name.split(/[@ ]/);
    const horizon = HORIZONS.find((known) => known === of);
    if (horizon === undefined) continue;
    meter.set('ndr_baseline_reference_timestamp_seconds', { ...labels, horizon }, Date.parse(instant) / 1000);
  }
}

function recordQuality(meter: Meter, labels: StreamLabels, dq: Readonly<Record<string, number>>): void {
  meter.count('ndr_lines_total', labels, dq['lines'] ?? 0);
  meter.count('ndr_flows_total', labels, dq['flows'] ?? 0);
  for (const reason of METRICS.ndr_raw_files_left_out_total.labels.reason.values)
    meter.count('ndr_raw_files_left_out_total', { ...labels, reason }, dq[`${reason}_files`] ?? 0);
  for (const rule of METRICS.ndr_lines_rejected_total.labels.rule.values)
    meter.count('ndr_lines_rejected_total', { ...labels, rule }, dq[rule] ?? 0);
  for (const rule of METRICS.ndr_records_filtered_total.labels.rule.values)
    meter.count('ndr_records_filtered_total', { ...labels, rule }, dq[rule] ?? 0);
  for (const rule of METRICS.ndr_fields_nulled_total.labels.rule.values)
    meter.count('ndr_fields_nulled_total', { ...labels, rule }, dq[rule] ?? 0);
}
