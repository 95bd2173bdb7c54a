import { staleAmong } from '../consumers/affected.ts';
import type { BatchIndex } from '../state/batch-index.ts';
import type { BatchItem } from '../state/batch-item.ts';
import type { Lake } from '../state/lake.ts';
import type { Manifest } from '../state/manifest.ts';
import { isOfSystem } from '../state/refused.ts';
import { readRetentionMarks } from '../state/retention-marks.ts';
import { error, type Finding, info, warning } from './finding.ts';
import { checkFiles, checkManifest, type FileFault } from './revision-check.ts';

export interface ExaminedPlace {
  readonly lake: Lake;
  readonly index: BatchIndex;
  readonly project: string;
  readonly version: string;
  readonly stop: AbortSignal;
  readonly onProgress: (line: string) => void;
  /** A command that removes paths of the lake. */
  readonly removalOf: (paths: readonly string[]) => string;
  /** A call of the program for this home. */
  readonly callOf: (args: string) => string;
}

/** What the index names, for those who look for what it does not. */
export interface NamedFiles {
  /** Folders of the datasets of committed mini-batches. */
  readonly folders: Set<string>;
  /** First 12 hex of the digests of files, as numbers: millions of paths would fill memory. */
  readonly digests: Set<number>;
  /** Roots of datasets. */
  readonly roots: Set<string>;
}

/** Mini-batches of a kind that are told one by one, at most. */
const MOST_TOLD = 10;

/** Goes through the index: what failed, what is affected, and whether manifests and files are there and whole. */
export async function* examineBatches(
  place: ExaminedPlace,
  isDeep: boolean,
  named: NamedFiles,
): AsyncGenerator<Finding> {
  const { lake, index, project, version, stop, onProgress, callOf } = place;
  const marks = await readRetentionMarks(lake, project, version);
  const told = new Map<string, number>();
  const committed = new Set<string>();
  const firstFew = function* (kind: string, finding: Finding): Generator<Finding> {
    const count = (told.get(kind) ?? 0) + 1;
    told.set(kind, count);
    if (count <= MOST_TOLD) yield finding;
  };
  try {
    for await (const batch of index.batches(project, version)) {
      if (stop.aborted) return;
      onProgress(`${version}: ${committed.size} mini-batches looked at`);
      const name = `mini-batch ${batch.miniBatchId}, ${version}`;
      const again = async (): Promise<string> => {
        const folder = (await index.settledSlice(project, batch.miniBatchId))?.path ?? 'FOLDER';
        return callOf(`run-batch --input ${folder}`);
      };
      if (batch.failure !== null)
        yield* firstFew('failed', failureOf(batch, batch.failure.reason, name, await again()));
      if (batch.manifest === null) continue;
      committed.add(batch.miniBatchId);
      const checked = await checkManifest(lake, batch.manifest.path, batch.manifest.sha256);
      if (checked.is === 'faulty') {
        const { fault } = checked;
        const remedy = removalOf([fault], place) + (await again());
        yield* firstFew('manifest', error('manifest', `${name}: ${fault.path}: ${fault.why}`, remedy));
        continue;
      }
      remember(named, checked.manifest);
      const faults = await checkFiles(lake, checked.manifest, marks, isDeep);
      if (faults.length > 0)
        yield* firstFew('files', filesFinding(name, faults, removalOf(faults, place) + (await again())));
    }
  } catch (cause) {
    // Nothing is wrong with the index: whoever called says what is out of reach.
    if (isOfSystem(cause)) throw cause;
    const what = cause instanceof Error ? cause.message : String(cause);
    yield error(
      'index',
      `${version}: the index cannot be read to its end: ${what}`,
      `remove what this names, then: ${callOf('rebuild-index')}`,
    );
    return;
  }
  for (const [kind, count] of told)
    if (count > MOST_TOLD)
      yield warning(
        kind,
        `${version}: ${count - MOST_TOLD} more mini-batches like these`,
        callOf('backfill --input ROOT'),
      );
  const all = await index.committedBetween(project, version, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  const found = new Set(all.map(({ miniBatchId }) => miniBatchId));
  const missed = [...committed].filter((miniBatchId) => !found.has(miniBatchId));
  // Not by their marks: those are lost with the index. What is affected shows once all are found.
  const affected = missed.length === 0 ? staleAmong(all) : [];
  if (missed.length > 0) {
    const what =
      `${version}: ${missed.length} committed mini-batches, the first of them ${missed[0]}, are not entered under their ` +
      'slices: the windows of later ones leave them out';
    yield error('index', what, callOf('rebuild-index'));
  }
  if (affected.length > 0) {
    const what = `${version}: ${affected.length} mini-batches were computed before something that their windows cover came late`;
    yield warning('affected', what, callOf('replay --affected'));
  }
  yield info('index', `${version}: mini-batches committed: ${committed.size}`);
}

function failureOf({ revision }: BatchItem, reason: string, name: string, again: string): Finding {
  if (revision === 0) return error('failed', `${name} failed: ${reason}`, again);
  return warning('failed', `${name}: revision ${revision} stands, a later attempt failed: ${reason}`, again);
}

function filesFinding(name: string, faults: readonly FileFault[], remedy: string): Finding {
  const [first] = faults;
  const others = faults.length > 1 ? `, and ${faults.length - 1} more files` : '';
  return error('files', `${name}: ${first!.path}: ${first!.why}${others}`, remedy);
}

/** A file that is there is never written again, whatever it holds: damaged ones have to go first. */
function removalOf(faults: readonly FileFault[], place: Pick<ExaminedPlace, 'removalOf'>): string {
  const damaged = faults.filter(({ is }) => is === 'damaged').map(({ path }) => path);
  return damaged.length > 0 ? `${place.removalOf(damaged)}; ` : '';
}

function remember(named: NamedFiles, { datasets }: Manifest): void {
  for (const { folders, files } of Object.values(datasets)) {
    for (const folder of folders) {
      named.folders.add(folder);
      named.roots.add(folder.slice(0, folder.indexOf('/feature_spec_version=')));
    }
    for (const { sha256 } of files) named.digests.add(beginningOf(sha256));
  }
}

/** 48 bits, as files carry them in their names. */
export const beginningOf = (sha256: string): number => Number.parseInt(sha256.slice(0, 12), 16);
