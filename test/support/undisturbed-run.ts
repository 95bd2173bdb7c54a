/** What nothing happened to: a backfill, from a directory to a directory. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBatchIndex } from '../../src/state/batch-index.ts';
import { openDirectoryItems } from '../../src/state/items/directory.ts';
import { openDirectoryLake } from '../../src/state/lake/directory.ts';
import { readManifest } from '../../src/state/manifest.ts';
import { contentOfManifests } from './live-lab.ts';
import { ID_PATTERN, type MiniBatch, writeMiniBatch } from './mini-batch-folders.ts';
import { runNdr } from './ndr-process.ts';

export interface UndisturbedOptions {
  /** Items of specs. */
  readonly specs?: readonly Readonly<Record<string, unknown>>[];
  /** Lines by file of mini-batches that are more than one file. */
  readonly files?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  readonly project?: string;
  readonly version?: string;
}

/** Content, as `contentOfManifests` has it, of what a backfill of the mini-batches commits. */
export async function undisturbed(
  miniBatches: readonly MiniBatch[],
  { specs = [], files = {}, project = 'default', version = 'v1' }: UndisturbedOptions = {},
): Promise<Record<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), 'ndr-undisturbed-'));
  const home = join(folder, 'home');
  try {
    for (const miniBatch of miniBatches) writeMiniBatch(join(folder, 'raw'), miniBatch, files[miniBatch.id]);
    mkdirSync(join(home, 'specs'), { recursive: true });
    for (const [n, item] of specs.entries()) writeFileSync(join(home, 'specs', `item-${n}.json`), JSON.stringify(item));
    const { code, stderr } = await runNdr(['backfill', '--input', join(folder, 'raw'), '--home', home], {
      NDR_INPUT_ID_PATTERN: ID_PATTERN,
      NDR_THREADS: '1',
      NDR_PROJECT: project,
      NDR_FEATURE_SPEC_VERSION: version,
    });
    if (code !== 0 || stderr !== '') throw new Error(`the backfill ended with ${code}: ${stderr}`);
    const index = openBatchIndex(await openDirectoryItems(join(home, 'state', 'items')));
    const lake = await openDirectoryLake(join(home, 'lake'));
    const all = await index.committedBetween(project, version, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
    return contentOfManifests(await Promise.all(all.map(({ manifest }) => readManifest(lake, manifest))));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
