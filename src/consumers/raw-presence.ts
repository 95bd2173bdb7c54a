import type { BatchSpec } from '../config/batch-spec.ts';
import type { BatchItem } from '../state/batch-item.ts';
import { listPresent, type RawFiles } from '../state/raw-files.ts';
import type { MiniBatchDeps } from './mini-batch-request.ts';

const MOST_TOLD = 3;

/** Names of raw files that the committed revision was computed from and that are not below `folder` any more. */
export async function goneFiles(
  rawFiles: RawFiles,
  batch: Pick<BatchItem, 'inputs'> | undefined,
  folder: string,
): Promise<string[]> {
  const names = new Set((await listPresent(rawFiles, folder)).map(({ name }) => name));
  return Object.keys(batch?.inputs ?? {}).filter((name) => !names.has(name));
}

/** What to say, and to do, about raw files that are gone. */
export function describeGone(gone: readonly string[], folder: string): string {
  const named = gone.slice(0, MOST_TOLD).join(', ');
  const others = gone.length > MOST_TOLD ? ` and ${gone.length - MOST_TOLD} others` : '';
  return (
    `${folder}: ${named}${others} went away since they were committed; what was committed stands. Put them back there; ` +
    `to commit the mini-batch without: ndr run-batch --input ${folder}`
  );
}

/** The same of a mini-batch's folder; none where it cannot be told: taking the mini-batch meets that again, and tells. */
export async function goneOf(
  {
    deps: { index, rawFiles },
    spec,
  }: { readonly deps: Pick<MiniBatchDeps, 'index' | 'rawFiles'>; readonly spec: BatchSpec },
  path: string,
  miniBatchId: string,
): Promise<string[]> {
  try {
    const batch = await index.batch(spec.project, spec.featureSpecVersion, miniBatchId);
    return await goneFiles(rawFiles, batch, path);
  } catch {
    return [];
  }
}
