import type { BatchSpec } from '../config/batch-spec.ts';
import { canonicalJson } from '../config/canonical-json.ts';
import { PUBLICATION_METADATA_SCHEMA } from '../operators/baseline-datasets.ts';
import { SLICE_MS } from '../operators/metrics.ts';
import { formatInstant } from '../operators/time.ts';
import { constantNumber, constantText } from '../operators/vectors.ts';
import {
  type BaselinePublication,
  madeFromOf,
  PUBLICATION_METADATA,
  type PublicationManifest,
} from '../state/baseline-publications.ts';
import { NotFound } from '../state/lake.ts';
import type { MachineNames } from '../state/machine-names.ts';
import { sha256Hex } from '../state/manifest.ts';
import { publishTable } from './baseline-files.ts';
import { committedIn, digestOfBatches } from './baseline-inputs.ts';
import { isReady, NotReady, type Readiness, readinessOf } from './baseline-readiness.ts';
import { type BaselineDeps, clearWork, folderOf, Stopped } from './baseline-run.ts';
import { type BaselinePeriod, firstRefAfter } from './baseline-schedule.ts';
import { type MadeTables, makeTables } from './baseline-work.ts';
import { checkPublication } from './publication-inventory.ts';

/** Why a publication is made; told in publication_metadata. */
export type RunMode = 'MONTHLY' | 'SCHEDULED' | 'BACKFILL';

export interface BaselineReport {
  readonly period: BaselinePeriod;
  readonly readiness: Readiness;
  readonly revision: number;
}
export type BaselineOutcome =
  | ({ readonly is: 'published'; readonly rowsUsed: number; readonly hosts: number } & BaselineReport)
  /** The one that stands was made from just these inputs and specs. */
  | ({ readonly is: 'unchanged' } & BaselineReport)
  | { readonly is: 'stopped'; readonly period: BaselinePeriod };

/** A project that is younger than a history is told when it will have one. */
async function notReady(
  { index }: BaselineDeps,
  { project, featureSpecVersion: version, baselines }: BatchSpec,
  period: BaselinePeriod,
  readiness: Readiness,
): Promise<NotReady> {
  const { maxMissingRatio, headDays } = baselines;
  const first = await index.firstCommitted(project, version);
  if (first === undefined) return new NotReady(period, project, readiness, maxMissingRatio);
  const { sliceEnd } = first;
  const ref = firstRefAfter(sliceEnd - SLICE_MS, period.horizon, headDays, maxMissingRatio);
  // One that is old enough has gaps.
  return new NotReady(period, project, readiness, maxMissingRatio, ref > period.ref ? { sliceEnd, ref } : undefined);
}

/**
 * Makes the baselines of one horizon at one reference instant and publishes them: files, then the metadata row, then the
 * pointer item. Killed at any point it leaves nothing that a reader would see; run again it goes on with what is finished.
 *
 * @param names null: the project has no inventory.
 * @throws {NotReady} where too many slices of the history have no commit.
 */
export async function publishBaselines(
  deps: BaselineDeps,
  spec: BatchSpec,
  period: BaselinePeriod,
  mode: RunMode,
  names: MachineNames | null,
): Promise<BaselineOutcome> {
  const { index, baselines, codeVersion } = deps;
  const { project, featureSpecVersion: version } = spec;
  const committed = await committedIn(index, project, version, period);
  const readiness = readinessOf(period, spec.windowFloorMinutes, new Set(committed.map(({ sliceEnd }) => sliceEnd)));
  if (!isReady(readiness, spec.baselines.maxMissingRatio)) throw await notReady(deps, spec, period, readiness);
  const identity = {
    spec_digest: digestOfSpec(spec, names),
    inputs_digest: digestOfBatches(committed),
    code_version: codeVersion,
  };
  const standing = await standingOf(deps, spec, period);
  if (standing?.madeFrom === madeFromOf(identity)) {
    await clearWork(deps.workFolder, period);
    return { is: 'unchanged', period, readiness, revision: standing.revision };
  }
  try {
    const made = await makeTables(deps, spec, period, committed, names, madeFromOf(identity));
    const manifest = await manifestOf(deps, spec, period, mode, readiness, identity, made);
    const folder = folderOf(spec, period, PUBLICATION_METADATA);
    const is = await baselines.record(manifest, folder);
    await clearWork(deps.workFolder, period);
    const now = await baselines.of(project, version, period.horizon, period.ref);
    const report = { period, readiness, revision: now?.revision ?? 1 };
    return is === 'unchanged'
      ? { is, ...report }
      : { is, ...report, rowsUsed: made.counts.rows_used, hosts: made.counts.hosts_count };
  } catch (error) {
    if (error instanceof Stopped) return { is: 'stopped', period };
    throw error;
  }
}

/** The publication that stands, if it is whole: one that lost a file is made again. */
async function standingOf(
  { lake, baselines }: BaselineDeps,
  { project, featureSpecVersion }: BatchSpec,
  { horizon, ref }: BaselinePeriod,
): Promise<BaselinePublication | undefined> {
  try {
    const standing = await baselines.of(project, featureSpecVersion, horizon, ref);
    const isWhole = standing && (await checkPublication(lake, standing.manifest.path, false)).is === 'whole';
    return isWhole ? standing : undefined;
  } catch (error) {
    if (error instanceof NotFound) return undefined;
    throw error;
  }
}

/** Everything but the history that baselines depend on. */
function digestOfSpec(spec: BatchSpec, names: MachineNames | null): string {
  const { inventory: _, maxMissingRatio: __, horizons: ___, ...own } = spec.baselines;
  const { calendar, segmentMapping, hostNetworks } = spec;
  return sha256Hex(canonicalJson([own, calendar, segmentMapping, hostNetworks, names?.digest ?? null]));
}

async function manifestOf(
  deps: BaselineDeps,
  spec: BatchSpec,
  period: BaselinePeriod,
  mode: RunMode,
  readiness: Readiness,
  identity: Pick<PublicationManifest, 'spec_digest' | 'inputs_digest' | 'code_version'>,
  { tables, counts, miniBatches }: MadeTables,
): Promise<PublicationManifest> {
  const { horizon, ref, start, end } = period;
  const ofRef = formatInstant(ref);
  const row = {
    reference_time_iso: constantText(1, ofRef),
    run_mode: constantText(1, mode),
    run_batch_id: constantText(1, 'baseline'),
    baseline_start_ts: constantNumber(1, start),
    baseline_end_ts: constantNumber(1, end),
    created_at: constantNumber(1, ref),
    created_date: constantText(1, ofRef.slice(0, 10)),
    ...Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, constantNumber(1, count)])),
  };
  const table = { schema: PUBLICATION_METADATA_SCHEMA, length: 1, columns: row };
  const part = await deps.pool.run('encodeTable', { table, start: 0, end: 1 });
  const folder = folderOf(spec, period, PUBLICATION_METADATA);
  const metadata = await publishTable(deps.lake, folder, [part]);
  return {
    publication_version: 1,
    project_name: spec.project,
    feature_spec_version: spec.featureSpecVersion,
    baseline_horizon: horizon,
    baseline_month: ofRef.slice(0, 7),
    ref: ofRef,
    baseline_start_ts: formatInstant(start),
    baseline_end_ts: formatInstant(end),
    join_keys: spec.baselines.joinKeys,
    metrics: spec.baselines.metrics,
    pair_counts: spec.baselines.pairCounts.enabled,
    ...identity,
    mini_batches: miniBatches,
    health: { expected_slices: readiness.expected, missing_slices: readiness.missing.length, ...counts },
    datasets: { ...tables, [PUBLICATION_METADATA]: metadata },
  };
}
