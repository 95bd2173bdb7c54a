import { expect, it } from 'vitest';
import { openReprocessing } from '../../src/consumers/reprocessing.ts';
import type { BatchIndex, CommittedBatch } from '../../src/state/batch-index.ts';
import type { BatchItem, SettledSlice } from '../../src/state/batch-item.ts';
import type { RawFile } from '../../src/state/raw-files.ts';
import { folderNamed, streamOn } from '../support/pump-alone.ts';

const SLICE = Date.parse('2026-03-02T10:08:00Z');
const QUARTER = 900_000;

const batchOf = (miniBatchId: string, place: number, affected: CommittedBatch['affected']): CommittedBatch => ({
  ...{ miniBatchId, sliceEnd: SLICE + place * QUARTER, revision: 1, manifest: { path: 'm', sha256: 's' } },
  ...{ windowContent: '', standsOn: '', affected },
});

it('what cannot be published again is told once, and tried again when it has other files', async () => {
  const committed = [batchOf('late', 0, null), batchOf('later', 1, { by: 'late', lateMs: QUARTER })];
  let names: readonly string[] = [];
  const list = async (folder: string): Promise<RawFile[]> =>
    names.map((name) => ({ name, path: `${folder}/${name}`, size: 1, modifiedMs: 0, arrivedMs: 0 }));
  const index: Partial<BatchIndex> = {
    newestCommitted: async () => committed.at(-1),
    committedBetween: async () => committed,
    settledSlice: async (_, id) => ({ path: folderNamed(id) }) as SettledSlice,
    batch: async () => ({ inputs: { a: 'e' } as Readonly<Record<string, string>> }) as BatchItem,
  };
  const reprocessing = openReprocessing(streamOn({ list }, index), { isOn: true, onLeft() {} });
  const taken: unknown[] = [];
  for (const present of [[], [], ['b'], ['b']]) {
    names = present;
    await reprocessing.refresh();
    reprocessing.add({ miniBatchId: 'late', affects: taken.length > 0 ? ['later'] : [], lateMs: 0 });
    taken.push((await reprocessing.takeNext())?.is);
    expect(reprocessing.waiting()).toBe(0);
  }
  expect(taken).toEqual(['poison', undefined, 'poison', undefined]);
});
