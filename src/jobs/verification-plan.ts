import type { BatchSpec } from '../config/batch-spec.ts';
import { daysForManifest, type LookbackPlan, planLookback } from '../consumers/lookback-plan.ts';
import { earlierOf, windowInputsOf } from '../consumers/standing.ts';
import type { BatchIndex, CommittedBatch } from '../state/batch-index.ts';
import { type SettledSlice, sliceOfItem } from '../state/batch-item.ts';
import type { Item } from '../state/items.ts';
import { compareKeys } from '../state/key-order.ts';
import type { Lake } from '../state/lake.ts';
import { type Manifest, readManifest, standsOnOf } from '../state/manifest.ts';

/** A committed mini-batch that is to be computed again. */
export interface VerificationTarget {
  readonly batch: CommittedBatch;
  readonly manifest: Manifest;
  readonly slice: SettledSlice;
  /** Mini-batches that its windows cover beside it, in order. */
  readonly earlier: readonly CommittedBatch[];
  readonly lookback: LookbackPlan;
  /** Why something else may come out than what was committed. */
  readonly doubts: readonly string[];
  /** The same, of the columns that look back further than the windows alone; null: nothing. */
  readonly lookbackDoubt: string | null;
}

export interface PlanningDeps {
  readonly lake: Lake;
  readonly index: BatchIndex;
  readonly spec: BatchSpec;
}

/** Looks up what a mini-batch stands on now, and whether that is what its revision was computed from. */
export async function planVerification(
  { lake, index, spec }: PlanningDeps,
  batch: CommittedBatch,
): Promise<VerificationTarget> {
  const manifest = await readManifest(lake, batch.manifest);
  const slice = sliceOfManifest(manifest);
  const earlier = await earlierOf(index, spec, slice);
  const lookback = await planLookback(index, spec, slice);
  const replay = `publish it again: ndr replay --mini-batch ${batch.miniBatchId}`;
  const specs = changedNames(manifest.spec_digests, spec.digests);
  const days = changedNames(lookbackDaysOf(manifest), daysForManifest(lookback));
  const settled = await index.settledSlice(spec.project, batch.miniBatchId);
  return {
    batch,
    manifest,
    slice,
    earlier,
    lookback,
    doubts: [
      ...(specs.length > 0 ? [`specs have changed since it was committed (${specs.join(', ')}); ${replay}`] : []),
      ...(batch.standsOn !== standsOnOf(windowInputsOf(earlier))
        ? [`mini-batches that its windows cover were committed or changed since; ${replay}`]
        : []),
      ...(settled !== undefined && settled.sliceEnd !== slice.sliceEnd
        ? [`its slice was settled anew since it was committed; ${replay}`]
        : []),
    ],
    lookbackDoubt:
      days.length > 0 ? `days of its lookback have changed since it was committed: ${days.join(', ')}` : null,
  };
}

/** The mini-batches whose raw files are read, each once, in order. */
export function miniBatchesNeeded(targets: readonly VerificationTarget[]): CommittedBatch[] {
  const needed = new Map<string, CommittedBatch>();
  for (const { batch, earlier } of targets) for (const one of [...earlier, batch]) needed.set(one.miniBatchId, one);
  return [...needed.values()].sort((a, b) => a.sliceEnd - b.sliceEnd || compareKeys(a.miniBatchId, b.miniBatchId));
}

export const sliceOfManifest = ({ slice, mini_batch_id }: Manifest): SettledSlice =>
  sliceOfItem(slice as unknown as Item, `slice of ${mini_batch_id}`);

type Digests = Readonly<Record<string, string>>;

/** Manifests of 0.1.0 hold a number. */
const lookbackDaysOf = ({ lookback_days }: { readonly lookback_days: unknown }): Digests =>
  typeof lookback_days === 'object' && lookback_days !== null ? (lookback_days as Digests) : {};

export function changedNames(then: Digests, now: Digests): string[] {
  const names = new Set([...Object.keys(then), ...Object.keys(now)]);
  return [...names].filter((name) => then[name] !== now[name]).sort();
}
