import { instantOfText, UTC } from '../operators/time.ts';
import type { Item, Json } from './items.ts';

/** The slice that a mini-batch closes, settled once for all versions and revisions. Instants are milliseconds UTC. */
export interface SettledSlice {
  readonly miniBatchId: string;
  /** The instant that decided the slice. */
  readonly ts: number;
  /** Exclusive. */
  readonly sliceStart: number;
  /** Inclusive. */
  readonly sliceEnd: number;
  readonly batchStart: number;
  readonly batchEnd: number;
  /** How ts was found: `event_time`, `sent_timestamp`, `id_pattern`, `last_modified`, `max_event_end`, `at`. */
  readonly source: string;
  /** Folder of the raw files, no slash at the end. */
  readonly path: string;
}

export type BatchState = 'committed' | 'failed';

export interface ManifestRef {
  readonly path: string;
  readonly sha256: string;
}

/** What the index says of a mini-batch under one feature spec version. */
export interface BatchItem {
  readonly miniBatchId: string;
  /** `failed` only while nothing was ever committed: a failed attempt at a further revision leaves the last one valid. */
  readonly state: BatchState;
  /** 0: never committed. */
  readonly revision: number;
  readonly sliceEnd: number;
  /** Names the attempt that wrote the state; whoever began before it can no longer write. */
  readonly attemptToken: string;
  /** Null while nothing was committed. */
  readonly manifest: ManifestRef | null;
  /** Raw file (below the mini-batch's folder) -> its etag, as read by the revision. */
  readonly inputs: Readonly<Record<string, string>>;
  /** When the revision was committed; null while nothing was. */
  readonly committedAt: number | null;
  /** The last failed attempt since the revision. */
  readonly failure: { readonly reason: string; readonly at: number } | null;
  /** Manifests of earlier revisions whose files may still be there. */
  readonly superseded: readonly ManifestRef[];
  /** The revision around which everything else has been swept; 0: none yet. */
  readonly sweptRevision: number;
  /** Digest of what the revision gives to the windows of later mini-batches; '' while nothing was committed. */
  readonly windowContent: string;
  /** Digest of what the windows held when the revision was last computed; '' while nothing was committed. */
  readonly standsOn: string;
  /** Digest of the slice, raw files and specs from which the revision was last computed; '' likewise. */
  readonly readFrom: string;
  /** Set while something earlier than the revision has changed since. */
  readonly affected: Affected | null;
}

/** Why a mini-batch is to be published again. Of several causes the first, or the first that is late by little. */
export interface Affected {
  /** The mini-batch that came late. */
  readonly by: string;
  /** How far its slice's end lay behind the newest committed one. */
  readonly lateMs: number;
}

/** What an attempt knew of its mini-batch when it began: it may only replace that. */
export interface Basis {
  readonly revision: number;
  /** '' where the index knew nothing. */
  readonly attemptToken: string;
}

export const basisOf = (item: BatchItem | undefined): Basis => ({
  revision: item?.revision ?? 0,
  attemptToken: item?.attemptToken ?? '',
});

export const isBasis = (item: BatchItem | undefined, since: Basis): boolean =>
  basisOf(item).revision === since.revision && basisOf(item).attemptToken === since.attemptToken;

/** `YYYY-MM-DDTHH:MM:SSZ`, with three decimals where the instant has a fraction of a second. */
export function exactInstant(instant: number): string {
  return new Date(instant).toISOString().replace('.000Z', 'Z');
}

export function sliceToItem(slice: SettledSlice): Item {
  return {
    mini_batch_id: slice.miniBatchId,
    ts: exactInstant(slice.ts),
    slice_start_ts: exactInstant(slice.sliceStart),
    slice_end_ts: exactInstant(slice.sliceEnd),
    batch_start_ts: exactInstant(slice.batchStart),
    batch_end_ts: exactInstant(slice.batchEnd),
    source: slice.source,
    path: withoutSlash(slice.path),
  };
}

export function sliceOfItem(item: Item, key: string): SettledSlice {
  const read = reader(item, key);
  return {
    miniBatchId: read.text('mini_batch_id'),
    ts: read.instant('ts'),
    sliceStart: read.instant('slice_start_ts'),
    sliceEnd: read.instant('slice_end_ts'),
    batchStart: read.instant('batch_start_ts'),
    batchEnd: read.instant('batch_end_ts'),
    source: read.text('source'),
    path: read.text('path'),
  };
}

export function batchToItem(batch: BatchItem): Item {
  return {
    mini_batch_id: batch.miniBatchId,
    state: batch.state,
    revision: batch.revision,
    slice_end_ts: exactInstant(batch.sliceEnd),
    attempt_token: batch.attemptToken,
    manifest_path: batch.manifest?.path ?? null,
    manifest_sha256: batch.manifest?.sha256 ?? null,
    inputs: batch.inputs,
    committed_at: batch.committedAt === null ? null : exactInstant(batch.committedAt),
    failure: batch.failure === null ? null : { reason: batch.failure.reason, at: exactInstant(batch.failure.at) },
    superseded: batch.superseded.map(({ path, sha256 }) => ({ path, sha256 })),
    swept_revision: batch.sweptRevision,
    window_content: batch.windowContent,
    stands_on: batch.standsOn,
    read_from: batch.readFrom,
    affected: batch.affected === null ? null : { by: batch.affected.by, late_ms: batch.affected.lateMs },
  };
}

export function batchOfItem(item: Item, key: string): BatchItem {
  const read = reader(item, key);
  const failure = item['failure'] as { readonly reason: string; readonly at: string } | null | undefined;
  const affected = item['affected'] as { readonly by: string; readonly late_ms: number } | null | undefined;
  const state = read.text('state');
  if (state !== 'committed' && state !== 'failed') throw read.fault('state', 'committed or failed');
  return {
    miniBatchId: read.text('mini_batch_id'),
    state,
    revision: read.count('revision'),
    sliceEnd: read.instant('slice_end_ts'),
    attemptToken: read.text('attempt_token'),
    manifest:
      (item['manifest_path'] ?? null) === null
        ? null
        : { path: read.text('manifest_path'), sha256: read.text('manifest_sha256') },
    inputs: (item['inputs'] ?? {}) as Readonly<Record<string, string>>,
    committedAt: (item['committed_at'] ?? null) === null ? null : read.instant('committed_at'),
    failure: (failure ?? null) === null ? null : { reason: failure!.reason, at: instantOfText(failure!.at, UTC) },
    superseded: (item['superseded'] ?? []) as unknown as readonly ManifestRef[],
    sweptRevision: read.count('swept_revision'),
    // Items of 0.1.0 have none: they are computed again when their mini-batch is looked at.
    windowContent: item['window_content'] === undefined ? '' : read.text('window_content'),
    standsOn: item['stands_on'] === undefined ? '' : read.text('stands_on'),
    readFrom: item['read_from'] === undefined ? '' : read.text('read_from'),
    affected: (affected ?? null) === null ? null : { by: affected!.by, lateMs: affected!.late_ms },
  };
}

export const withoutSlash = (path: string): string => path.replace(/\/+$/, '');

function reader(item: Item, key: string) {
  const fault = (name: string, expected: string): Error =>
    new Error(
      `batch_index item ${key}: ${name} is ${JSON.stringify(item[name])}, expected ${expected}; restore the item, or remove it and run the mini-batch again`,
    );
  const read = <T extends Json>(name: string, expected: string, fits: (value: Json | undefined) => value is T): T => {
    const value = item[name];
    if (!fits(value)) throw fault(name, expected);
    return value;
  };
  const isText = (value: Json | undefined): value is string => typeof value === 'string';
  const isCount = (value: Json | undefined): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
  return {
    fault,
    text: (name: string): string => read(name, 'text', isText),
    count: (name: string): number => read(name, 'a whole number', isCount),
    instant(name: string): number {
      const instant = instantOfText(read(name, 'an instant', isText), UTC);
      if (Number.isNaN(instant)) throw fault(name, 'an instant such as 2025-01-01T10:38:00Z');
      return instant;
    },
  };
}
