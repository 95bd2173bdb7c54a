import type { BatchIndex } from '../state/batch-index.ts';
import type { Lake } from '../state/lake.ts';
import { isOfSystem } from '../state/refused.ts';
import { error, type Finding } from './finding.ts';

interface QuarantinePlace {
  readonly quarantine: Lake;
  readonly index: BatchIndex;
  readonly project: string;
  readonly versions: readonly string[];
  readonly callOf: (args: string) => string;
}

/** As much of a quarantined failure as is told. */
interface Failure {
  readonly mini_batch_id: string;
  readonly notification?: { readonly path?: string };
  readonly error?: { readonly message?: string };
}

const MOST_TOLD = 10;
const NAME = /\/failed-[0-9a-f]+\.json$/;

/**
 * Mini-batches that failed before the index heard of them: their slices could not be settled. Those that the index knows
 * are told from there, and those that were committed since are well.
 */
export async function* examineQuarantine({
  quarantine,
  index,
  project,
  versions,
  callOf,
}: QuarantinePlace): AsyncGenerator<Finding> {
  const failures = new Map<string, Failure>();
  for await (const { path } of quarantine.list(`${project}/`)) {
    const failure = NAME.test(path) ? await readFailure(quarantine, path) : undefined;
    if (failure !== undefined) failures.set(failure.mini_batch_id, failure);
  }
  let untold = 0;
  for (const [miniBatchId, failure] of failures) {
    const known = await Promise.all(versions.map((version) => index.batch(project, version, miniBatchId)));
    if (known.some((item) => item !== undefined)) continue;
    if (++untold > MOST_TOLD) continue;
    const what = `mini-batch ${miniBatchId} failed: ${failure.error?.message ?? 'nobody wrote down why'}`;
    yield error('failed', what, callOf(`run-batch --input ${failure.notification?.path ?? 'FOLDER'}`));
  }
  if (untold > MOST_TOLD) {
    const what = `${untold - MOST_TOLD} more mini-batches failed before their slices were settled`;
    yield error('failed', what, callOf('backfill --input ROOT'));
  }
}

async function readFailure(quarantine: Lake, path: string): Promise<Failure | undefined> {
  try {
    const read = JSON.parse(new TextDecoder().decode(await quarantine.read(path))) as Partial<Failure>;
    return typeof read.mini_batch_id === 'string' ? (read as Failure) : undefined;
  } catch (cause) {
    if (isOfSystem(cause)) throw cause;
    // Removed meanwhile, or none of ours.
    return undefined;
  }
}
