import { createHash } from 'node:crypto';
import type { BatchSpec } from '../config/batch-spec.ts';
import { canonicalJson } from '../config/canonical-json.ts';
import type { Horizon } from '../operators/baseline-metrics.ts';
import { statisticLayoutOf } from '../operators/statistic-rows.ts';
import { formatInstant, HOUR_MS } from '../operators/time.ts';
import {
  type BaselinePublication,
  type BaselinePublications,
  nameOfPublication,
} from '../state/baseline-publications.ts';
import type { SettledSlice } from '../state/batch-item.ts';
import type { BlockKey, ShardName } from '../state/window-state.ts';
import { projectShard } from './lookback-plan.ts';

/** The publications that the deviations of a slice are from. */
export interface BaselinePlan {
  readonly chosen: readonly BaselinePublication[];
  /** Horizons that have no publication yet that the slice may read. */
  readonly without: readonly Horizon[];
}

/**
 * Finds for each published horizon the newest publication that was due before the slice, whenever it is asked: live,
 * replayed and backfilled alike.
 *
 * @param standing what the committed revision was compared with, as its manifest names it. A horizon that it had is not lost
 *   without a word where its publication is gone.
 * @throws {Error} where the spec requires baselines and there are none.
 */
export async function planBaselines(
  publications: BaselinePublications,
  spec: Pick<BatchSpec, 'project' | 'featureSpecVersion' | 'deviation'>,
  { miniBatchId, sliceEnd }: Pick<SettledSlice, 'miniBatchId' | 'sliceEnd'>,
  standing: readonly string[],
): Promise<BaselinePlan> {
  const { project, featureSpecVersion: version, deviation } = spec;
  const chosen: BaselinePublication[] = [];
  const without: Horizon[] = [];
  for (const horizon of deviation.horizons) {
    const found = await publications.newest(project, version, horizon, sliceEnd - deviation.effectDelayMs);
    if (found === undefined) without.push(horizon);
    else chosen.push(found);
  }
  if (deviation.require === true && chosen.length === 0) {
    const hours = deviation.effectDelayMs / HOUR_MS;
    throw new Error(
      `mini-batch ${miniBatchId} of project ${project}: no baselines (${without.join(', ')}) were published ${hours} h or ` +
        `more before ${formatInstant(sliceEnd)}, and fg_c_builder#${version} says require_baselines: true; run ndr baselines, or ` +
        'set it to "auto"',
    );
  }
  const lost = standing.find((name) => without.some((horizon) => name.startsWith(`${horizon}@`)));
  if (deviation.require !== false && lost !== undefined) {
    const [horizon, ref] = lost.split(/[@ ]/);
    throw new Error(
      `mini-batch ${miniBatchId} of project ${project}: its committed revision is compared with the baselines ${lost}, which are ` +
        `gone, as is every earlier publication; run ndr baselines --horizon ${horizon} --ref ${ref}, or leave what was committed`,
    );
  }
  return { chosen, without };
}

/** `30d@2026-03-01T00:00:00Z <digest>`, for the manifest. */
export const refsForManifest = ({ chosen }: BaselinePlan): string[] =>
  chosen.map((publication) => `${nameOfPublication(publication)} ${publication.digest.slice(0, 12)}`);

/** Changes with what packs make of statistics: floors of scales, transforms. */
const PACK_FORMULA = 1;

/** Where what deviations read of a publication is kept; other needs of the spec, or another publication, have other keys. */
export interface PackKeys {
  readonly hosts: BlockKey;
  readonly segments: BlockKey;
  /** undefined: pair counts are switched off. */
  readonly pairs?: { readonly hosts: BlockKey; readonly segments: BlockKey };
}

/** Keys of a publication's packs for one shard; those of segments are the same for all. */
export function packKeysOf(
  publication: Pick<BaselinePublication, 'horizon' | 'ref' | 'digest' | 'joinKeys' | 'pairCounts'>,
  spec: BatchSpec,
  { shard, shards }: { readonly shard: number; readonly shards: number },
): PackKeys {
  const { deviation } = spec;
  const { metrics, suspicionMetrics, anomalyStrengthMetrics, rarePairMetrics } = deviation;
  const read = [metrics, suspicionMetrics, anomalyStrengthMetrics, rarePairMetrics];
  const further = [deviation.exfil.metrics, deviation.lateralMetrics, deviation.segmentMinHosts];
  const layout = statisticLayoutOf(deviation).id;
  const needs = createHash('sha256')
    .update(canonicalJson([PACK_FORMULA, publication.digest, publication.joinKeys, layout, ...read, ...further]))
    .digest('hex');
  const keyOf = (what: string, of: ShardName): BlockKey => ({
    project: spec.project,
    version: packVersionOf(spec, publication),
    shards,
    shard: of,
    sliceEnd: publication.ref,
    miniBatchId: what,
    manifest: needs,
  });
  const together = projectShard(spec);
  return {
    hosts: keyOf('hosts', shard),
    segments: keyOf('segments', together),
    ...(publication.pairCounts && deviation.pairCountsEnabled
      ? { pairs: { hosts: keyOf('host-pairs', shard), segments: keyOf('segment-pairs', together) } }
      : {}),
  };
}

/** The version under which packs are kept: each horizon's are let go of by themselves. */
export const packVersionOf = (
  { featureSpecVersion }: Pick<BatchSpec, 'featureSpecVersion'>,
  { horizon }: Pick<BaselinePublication, 'horizon'>,
): string => `${featureSpecVersion}.${horizon}`;
