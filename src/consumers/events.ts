import { canonicalJson } from '../config/canonical-json.ts';
import { formatInstant } from '../operators/time.ts';
import type { BaselinePublication } from '../state/baseline-publications.ts';
import type { ManifestRef } from '../state/batch-item.ts';
import { type Manifest, type ManifestDataset, sha256Hex } from '../state/manifest.ts';

/** What every event says. Names and meanings change only with the version. */
interface Told {
  readonly event_version: 1;
  readonly project_name: string;
  readonly feature_spec_version: string;
}

/** A manifest, by its path in the lake. */
type NamedManifest = { readonly path: string; readonly sha256: string };

/** A revision of a mini-batch counts from now on. */
export interface BatchCommitted extends Told {
  readonly event_type: 'BatchCommitted';
  readonly mini_batch_id: string;
  readonly revision: number;
  readonly slice_start_ts: string;
  readonly slice_end_ts: string;
  readonly manifest: NamedManifest;
  /** Dataset → rows. */
  readonly rows: Readonly<Record<string, number>>;
  /** Publications that its deviations are from. */
  readonly baseline_refs: readonly string[];
}

/** A mini-batch could not be computed, and will not be until somebody changes something. */
export interface BatchFailed extends Told {
  readonly event_type: 'BatchFailed';
  readonly mini_batch_id: string;
  /** Null: it failed before its slice was settled. */
  readonly slice_end_ts: string | null;
  readonly why: string;
}

/** Baselines of one horizon and instant are visible from now on. */
export interface BaselinesPublished extends Told {
  readonly event_type: 'BaselinesPublished';
  readonly baseline_horizon: string;
  readonly ref: string;
  readonly baseline_start_ts: string;
  readonly baseline_end_ts: string;
  readonly revision: number;
  readonly manifest: NamedManifest;
  /** Table → rows. */
  readonly rows: Readonly<Record<string, number>>;
}

export type StreamEvent = BatchCommitted | BatchFailed | BaselinesPublished;

/** What could not be delivered. */
export interface EventFault {
  readonly event: StreamEvent;
  readonly why: string;
  readonly mayPass: boolean;
}

/**
 * Where others hear of what was done. An event is told after what it tells of, at least once, in no certain order: who
 * hears it twice knows it by its id. Nothing waits for those who listen, so that delivery is tried within bounds; what it
 * could not deliver is returned, and stands in the batch index all the same.
 */
export interface Events {
  publish(events: readonly StreamEvent[]): Promise<readonly EventFault[]>;
  close(): Promise<void>;
}

/** An event in writing. */
export interface WrittenEvent {
  /** sha256 hex of what the event says: told again it has the same. */
  readonly id: string;
  /** Events of one key are of one mini-batch, or of baselines of one horizon. */
  readonly key: string;
  readonly json: string;
}

export function writeEvent(event: StreamEvent): WrittenEvent {
  const id = sha256Hex(canonicalJson(event));
  const { project_name, feature_spec_version } = event;
  const subject = event.event_type === 'BaselinesPublished' ? event.baseline_horizon : event.mini_batch_id;
  return {
    id,
    key: [project_name, feature_spec_version, subject].join('|'),
    json: canonicalJson({ event_id: id, ...event }),
  };
}

export function batchCommitted(manifest: Manifest, { path, sha256 }: ManifestRef): BatchCommitted {
  return {
    event_type: 'BatchCommitted',
    event_version: 1,
    project_name: manifest.project_name,
    feature_spec_version: manifest.feature_spec_version,
    mini_batch_id: manifest.mini_batch_id,
    revision: manifest.revision,
    slice_start_ts: manifest.slice.slice_start_ts,
    slice_end_ts: manifest.slice.slice_end_ts,
    manifest: { path, sha256 },
    rows: rowsOf(manifest.datasets),
    baseline_refs: manifest.baseline_refs,
  };
}

const MOST_WHY = 1_000;

export interface FailedBatch {
  readonly project: string;
  readonly version: string;
  readonly miniBatchId: string;
  /** ms UTC; null: not settled. */
  readonly sliceEnd: number | null;
  readonly why: string;
}

export function batchFailed({ project, version, miniBatchId, sliceEnd, why }: FailedBatch): BatchFailed {
  const told = why.toWellFormed();
  return {
    event_type: 'BatchFailed',
    event_version: 1,
    project_name: project,
    feature_spec_version: version,
    mini_batch_id: miniBatchId,
    slice_end_ts: sliceEnd === null ? null : formatInstant(sliceEnd),
    why: told.length > MOST_WHY ? `${told.slice(0, MOST_WHY - 3).toWellFormed()}...` : told,
  };
}

export function baselinesPublished(
  project: string,
  version: string,
  publication: BaselinePublication,
): BaselinesPublished {
  const rows = Object.entries(publication.datasets).map(([table, files]): [string, number] => [
    table,
    files.reduce((sum, file) => sum + file.rows, 0),
  ]);
  return {
    event_type: 'BaselinesPublished',
    event_version: 1,
    project_name: project,
    feature_spec_version: version,
    baseline_horizon: publication.horizon,
    ref: formatInstant(publication.ref),
    baseline_start_ts: formatInstant(publication.start),
    baseline_end_ts: formatInstant(publication.end),
    revision: publication.revision,
    manifest: publication.manifest,
    rows: Object.fromEntries(rows),
  };
}

const rowsOf = (datasets: Readonly<Record<string, ManifestDataset>>): Record<string, number> =>
  Object.fromEntries(Object.entries(datasets).map(([name, { rows }]) => [name, rows]));
