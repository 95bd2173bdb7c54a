import { differencesOf, type InputDifference } from '../consumers/input-differences.ts';
import { type Lake, NotFound } from '../state/lake.ts';
import type { Manifest } from '../state/manifest.ts';
import { type DatasetDiff, diffDataset, isEqual } from './dataset-diff.ts';
import { DATASET_KEYS, heldDatasets, partsOf } from './dataset-parts.ts';
import { exactly } from './table-cells.ts';

/** A revision and the lake that holds its files. */
export interface HeldRevision {
  readonly lake: Lake;
  readonly manifest: Manifest;
}

export interface RevisionDiff {
  /** What the two were computed from and is not the same. */
  readonly inputs: readonly InputDifference[];
  readonly datasets: readonly DatasetDiff[];
  /** Datasets that cannot be compared, each with why. */
  readonly unread: readonly { readonly dataset: string; readonly why: string }[];
}

export interface RevisionDiffOptions {
  /** null: all. */
  readonly dataset: string | null;
  /** Rows of a dataset that are told one by one, at most. */
  readonly mostRows: number;
}

/** Compares two revisions cell by cell; files of equal content are not read. */
export async function diffRevisions(
  a: HeldRevision,
  b: HeldRevision,
  { dataset, mostRows }: RevisionDiffOptions,
): Promise<RevisionDiff> {
  const held = new Map([...heldDatasets(a.manifest), ...heldDatasets(b.manifest)]);
  const datasets: DatasetDiff[] = [];
  const unread: RevisionDiff['unread'][number][] = [];
  for (const name of [...held.keys()].sort()) {
    const own = held.get(name)!.dataset;
    if (dataset !== null && own !== dataset) continue;
    const key = DATASET_KEYS[own];
    if (key === undefined) {
      unread.push({ dataset: name, why: 'this version of ndr does not know its key; compare with a newer one' });
      continue;
    }
    try {
      const [partsA, partsB] = [partsOf(a.lake, a.manifest, name), partsOf(b.lake, b.manifest, name)];
      datasets.push(await diffDataset(name, partsA, partsB, { key, same: exactly, mostRows }));
    } catch (error) {
      if (!(error instanceof NotFound)) throw error;
      unread.push({ dataset: name, why: `${error.path} is gone: swept with its revision, or past its retention` });
    }
  }
  return { inputs: differencesOf(withinFolder(a.manifest), withinFolder(b.manifest)), datasets, unread };
}

/** Raw files by their names: the folders of two homes may lie apart. */
function withinFolder(manifest: Manifest): Manifest {
  const folder = `${manifest.slice.path}/`;
  const nameOf = (key: string): string => (key.startsWith(folder) ? key.slice(folder.length) : key);
  return { ...manifest, inputs: manifest.inputs.map((input) => ({ ...input, key: nameOf(input.key) })) };
}

/** True if no cell differs and all could be compared; inputs may differ. */
export const hasEqualRows = ({ datasets, unread }: RevisionDiff): boolean =>
  unread.length === 0 && datasets.every(isEqual);
