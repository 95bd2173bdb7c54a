import type { BatchSpec } from '../config/batch-spec.ts';
import { HORIZON_DAYS } from '../operators/baseline-metrics.ts';
import { DAY_MS, formatInstant } from '../operators/time.ts';
import { type BaselinePublications, nameOfPublication } from '../state/baseline-publications.ts';
import type { BatchIndex } from '../state/batch-index.ts';
import type { Lake } from '../state/lake.ts';
import { isOfSystem } from '../state/refused.ts';
import { committedIn } from './baseline-inputs.ts';
import { isReady, readinessOf } from './baseline-readiness.ts';
import { type BaselinePeriod, newestScheduled, periodOf } from './baseline-schedule.ts';
import { error, type Finding, info, warning } from './finding.ts';
import { checkPublication } from './publication-inventory.ts';

/** Looks at what baselines the index names, and whether the newest is as new as the schedule would have it. */
export async function* examinePublications(
  {
    lake,
    index,
    baselines,
    spec,
    callOf,
  }: {
    readonly lake: Lake;
    readonly index: BatchIndex;
    readonly baselines: BaselinePublications;
    readonly spec: BatchSpec;
    /** A call of the program for this home. */
    readonly callOf: (args: string) => string;
  },
  isDeep: boolean,
): AsyncGenerator<Finding> {
  const { project, featureSpecVersion: version } = spec;
  const newestSlice = (await index.newestCommitted(project, version))?.sliceEnd;
  if (newestSlice === undefined) return;
  const known = await baselines.all(project, version).catch((cause: unknown) => cause as Error);
  if (isOfSystem(known)) throw known;
  if (known instanceof Error) {
    yield error('baselines', `the baselines in the index cannot be read: ${known.message}`, callOf('rebuild-index'));
    return;
  }
  for (const { horizon, ref, manifest } of known) {
    const checked = await checkPublication(lake, manifest.path, isDeep);
    if (checked.is === 'whole') continue;
    const [first] = checked.faults;
    const more = checked.faults.length > 1 ? `, and ${checked.faults.length - 1} more files` : '';
    yield error(
      'baselines',
      `${nameOfPublication({ horizon, ref })}: ${first!.path}: ${first!.why}${more}`,
      `remove what is damaged, then: ${callOf(`baselines --horizon ${horizon} --ref ${formatInstant(ref)}`)}`,
    );
  }
  for (const horizon of spec.baselines.horizons) {
    const due = newestScheduled(horizon, newestSlice - spec.deviation.effectDelayMs);
    const period = periodOf(horizon, due, spec.baselines.headDays);
    const newest = known.filter((one) => one.horizon === horizon).at(-1);
    const call = callOf(`baselines --horizon ${horizon}`);
    if (newest !== undefined && newest.ref >= due - DAY_MS * HORIZON_DAYS['7d'])
      yield info('baselines', `${horizon}: the newest is of ${formatInstant(newest.ref)}`);
    else if (newest !== undefined)
      yield warning(
        'baselines',
        `${horizon}: the newest is of ${formatInstant(newest.ref)}; what is usual may have changed since`,
        `${call}; let cron call it nightly`,
      );
    else if (await hasHistory(index, spec, period))
      yield warning('baselines', `${horizon}: none yet, though there is history enough; rows have no deviations`, call);
    else yield info('baselines', `${horizon}: none yet; they need ${HORIZON_DAYS[horizon]} days of history and more`);
  }
}

async function hasHistory(index: BatchIndex, spec: BatchSpec, period: BaselinePeriod): Promise<boolean> {
  const committed = await committedIn(index, spec.project, spec.featureSpecVersion, period);
  const sliceEnds = new Set(committed.map(({ sliceEnd }) => sliceEnd));
  return isReady(readinessOf(period, spec.windowFloorMinutes, sliceEnds), spec.baselines.maxMissingRatio);
}
