import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { resolveBatchSpec } from '../../src/config/job-specs.ts';
import { keyOf } from '../../src/consumers/emit.ts';
import { rebuildState } from '../../src/consumers/rebuild-state.ts';
import { openBatchIndex } from '../../src/state/batch-index.ts';
import { openDirectoryItems } from '../../src/state/items/directory.ts';
import { openDirectoryLake } from '../../src/state/lake/directory.ts';
import { openDirectoryBlockStores } from '../../src/state/window-state/directory.ts';
import { openLab } from '../support/backfill-lab.ts';
import { filesBelow } from '../support/folder-content.ts';
import { officeMiniBatches } from '../support/office-mini-batches.ts';

const SHARDS = 3;
const lab = openLab(officeMiniBatches({ seed: 5, hosts: 8, slices: 4, doubled: [2] }));
afterAll(() => lab.close());

const timingsBelow = (state: string): Record<string, string> => {
  const folder = join(state, 'timings');
  const blocks = filesBelow(folder).filter((path) => path.endsWith('.block'));
  return Object.fromEntries(blocks.map((path) => [path, readFileSync(join(folder, path)).toString('base64')]));
};

it('timings that were rebuilt from the lake are the sealed ones, byte for byte', async () => {
  const home = lab.place('home');
  await lab.backfill(home, { settings: { NDR_SHARDS: `${SHARDS}` } });
  const spec = resolveBatchSpec({ project: 'default', version: 'v1', items: [] });
  const index = openBatchIndex(await openDirectoryItems(join(home, 'state', 'items')));
  const batches = await index.committedBetween(spec.project, spec.featureSpecVersion, 0, Date.UTC(2100, 0, 1));
  const rebuilt = lab.place('rebuilt');
  await rebuildState(
    batches.map((batch) => keyOf({ shards: SHARDS }, spec, 0, batch)),
    { lake: await openDirectoryLake(join(home, 'lake')), index, stores: openDirectoryBlockStores(rebuilt) },
    spec,
  );
  const sealed = timingsBelow(join(home, 'state'));
  expect(Object.keys(sealed)).toHaveLength(5 * SHARDS);
  expect(timingsBelow(rebuilt)).toEqual(sealed);
});

it('does not rebuild from a file that is damaged, though it may well decode', async () => {
  const home = lab.place('damaged');
  await lab.backfill(home, { settings: { NDR_SHARDS: `${SHARDS}` } });
  const spec = resolveBatchSpec({ project: 'default', version: 'v1', items: [] });
  const index = openBatchIndex(await openDirectoryItems(join(home, 'state', 'items')));
  const [batch] = await index.committedBetween(spec.project, spec.featureSpecVersion, 0, Date.UTC(2100, 0, 1));
  const folder = join(home, 'lake', 'default', 'delta');
  const [first] = filesBelow(folder).sort();
  const bytes = readFileSync(join(folder, first!));
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(join(folder, first!), bytes);
  const rebuilding = rebuildState(
    [keyOf({ shards: SHARDS }, spec, 0, batch!)],
    { lake: await openDirectoryLake(join(home, 'lake')), index, stores: openDirectoryBlockStores(lab.place('none')) },
    spec,
  );
  await expect(rebuilding).rejects.toThrow(
    /^mini-batch .* of project default: default\/delta\/.*parquet has sha256 .*, its manifest says .*; ndr doctor tells how it comes back$/,
  );
});
