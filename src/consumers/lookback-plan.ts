import { createHash } from 'node:crypto';
import type { BatchSpec } from '../config/batch-spec.ts';
import { canonicalJson } from '../config/canonical-json.ts';
import type { LookbackRules } from '../operators/lookback.ts';
import { dayOf, LOOKBACK_DAYS } from '../operators/past-rows.ts';
import { DAY_MS } from '../operators/time.ts';
import type { BatchIndex, CommittedBatch } from '../state/batch-index.ts';
import type { SettledSlice } from '../state/batch-item.ts';
import type { BlockKey, ShardName } from '../state/window-state.ts';
import type { PastKeys } from './lookback-stages.ts';
import { comesBefore } from './standing.ts';

/** A day before that of a slice, in which something was committed. */
export interface PastDay {
  /** 00:00 UTC, ms. */
  readonly day: number;
  readonly batches: readonly CommittedBatch[];
  /** Of what they hold. */
  readonly digest: string;
}

/** What a slice's lookback is made of. */
export interface LookbackPlan {
  /** 00:00 UTC of the slice's own day, ms. */
  readonly today: number;
  /** Ascending. */
  readonly days: readonly PastDay[];
  /** Whole days since the project's first slice. */
  readonly projectDays: number;
  readonly rules: LookbackRules;
}

/** Looks up the days before a slice's own. All that was committed in them comes before the slice in order. */
export async function planLookback(
  index: BatchIndex,
  spec: BatchSpec,
  slice: Pick<SettledSlice, 'sliceEnd' | 'miniBatchId'>,
): Promise<LookbackPlan> {
  const { sliceEnd } = slice;
  const today = dayOf(sliceEnd);
  const from = today - LOOKBACK_DAYS * DAY_MS;
  const known = await index.committedBetween(spec.project, spec.featureSpecVersion, from - 1, sliceEnd);
  const committed = known.filter((batch) => comesBefore(batch, slice));
  const first = committed.find((batch) => batch.sliceEnd >= sliceEnd - LOOKBACK_DAYS * DAY_MS);
  const byDay = Map.groupBy(
    committed.filter((batch) => batch.sliceEnd < today),
    (batch) => dayOf(batch.sliceEnd),
  );
  const { lookbackMinDays: minDays, rareThresholds } = spec.fgA;
  return {
    today,
    days: [...byDay].map(([day, batches]) => ({ day, batches, digest: digestOf(batches) })),
    projectDays: Math.floor((sliceEnd - (first?.sliceEnd ?? sliceEnd)) / DAY_MS),
    rules: { minDays, rarePeer: rareThresholds.peer, rarePort: rareThresholds.port },
  };
}

const digestOf = (batches: readonly CommittedBatch[]): string =>
  sha256(batches.map(({ miniBatchId, windowContent }) => [miniBatchId, windowContent]));

const sha256 = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

/** The shard of what all hosts of a project did together: segments are part of it, so it goes with their mapping. */
export const projectShard = ({ segmentMapping }: Pick<BatchSpec, 'segmentMapping'>): ShardName =>
  `project-${createHash('sha256').update(canonicalJson(segmentMapping)).digest('hex').slice(0, 12)}`;

type Place = Pick<BlockKey, 'project' | 'version' | 'shards' | 'shard'>;

const YESTERDAY = 1;

/** Keys of a lookback's merged days, for one shard. */
export function pastKeysOf(plan: LookbackPlan, place: Place): PastKeys {
  const { today } = plan;
  const yesterday = plan.days.find(({ day }) => day === today - YESTERDAY * DAY_MS);
  const older = olderDays(plan);
  return {
    yesterday: yesterday === undefined ? null : dayKey(yesterday, place),
    base:
      older.length === 0
        ? null
        : { ...place, sliceEnd: today, miniBatchId: 'base', manifest: sha256(older.map(({ digest }) => digest)) },
  };
}

const olderDays = ({ days, today }: LookbackPlan): PastDay[] =>
  days.filter(({ day }) => day < today - YESTERDAY * DAY_MS);

const dayKey = ({ day, digest }: PastDay, place: Place): BlockKey => ({
  ...place,
  sliceEnd: day,
  miniBatchId: 'day',
  manifest: digest,
});

/** What a missing block of the lookback is merged from: the days of a base, the mini-batches of a day. */
export function partsOf(
  plan: LookbackPlan,
  missing: BlockKey,
): { readonly days: readonly BlockKey[] } | { readonly batches: readonly CommittedBatch[] } | undefined {
  if (missing.miniBatchId === 'base' && missing.sliceEnd === plan.today) {
    return { days: olderDays(plan).map((day) => dayKey(day, missing)) };
  }
  const day = plan.days.find((one) => one.day === missing.sliceEnd && one.digest === missing.manifest);
  return day === undefined ? undefined : { batches: day.batches };
}

/** For the manifest: the days that the lookback was made of. */
export const daysForManifest = ({ days }: LookbackPlan): Record<string, string> =>
  Object.fromEntries(days.map(({ day, digest }) => [new Date(day).toISOString().slice(0, 10), digest]));
