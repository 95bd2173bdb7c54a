import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeRoute } from '../../src/config/routing.ts';
import { findUnannounced } from '../../src/consumers/unannounced.ts';
import { openDirectoryRawFiles } from '../../src/state/raw-files/directory.ts';
import { newFolder, openStore, removeFolder, type Store, sliceOf } from '../state/mini-batches.ts';
import { writeMiniBatch } from '../support/mini-batch-folders.ts';

const MINUTE = 60_000;
const GRACE = 10 * MINUTE;

let store: Store;
beforeEach(async () => {
  store = await openStore(await newFolder());
});
afterEach(() => removeFolder(store.root));

/** Names of the folders found `ms` after their files came. */
async function found(ms: number, isKnown: (path: string) => boolean = () => false): Promise<string[]> {
  const raw = join(store.root, 'raw');
  const route = decodeRoute({ org_key: 'acme#hq', project_name: 'default', ingestion_prefix: raw }).value;
  const { folders, faults } = await findUnannounced({
    rawFiles: openDirectoryRawFiles(),
    index: store.index,
    routes: [route],
    streamOf: async () => ({ project: 'default', version: 'v1' }),
    isKnown: (_, path) => isKnown(path),
    now: Date.now() + ms,
    graceMs: GRACE,
  });
  expect(faults).toEqual([]);
  return folders.map(({ folder }) => ('fault' in folder ? folder.fault : folder.miniBatchId));
}

describe('folders that nothing announced', () => {
  it('are found once a message about them would have come, unless somebody knows them or has them in hand', async () => {
    const now = Date.now();
    const folder = writeMiniBatch(join(store.root, 'raw'), { id: 'b1', sliceEnd: now, lines: ['{}'] });
    expect(await found(GRACE - MINUTE)).toEqual([]);
    expect(await found(GRACE + MINUTE)).toEqual(['b1']);
    expect(await found(GRACE + MINUTE, (path) => path === folder)).toEqual([]);

    const slice = { ...sliceOf('b1', Math.floor(now / 1000) * 1000), path: folder };
    await store.index.settle('default', slice);
    expect(await found(GRACE + MINUTE)).toEqual(['b1']);
    await store.index.enterRange('default', 'v1', slice, now + 5 * MINUTE);
    expect(await found(GRACE + MINUTE)).toEqual([]);
    // Whoever planned it is dead by then, or will be told that it was overtaken.
    expect(await found(2 * GRACE)).toEqual(['b1']);
  });
});
