import { describe, expect, it } from 'vitest';
import { createStages } from '../../src/consumers/stages.ts';
import type { Lookback } from '../../src/operators/lookback.ts';
import type { SliceBlock } from '../../src/operators/windows.ts';
import { openDirectoryRawFiles } from '../../src/state/raw-files/directory.ts';
import type { BlockKey, WindowState } from '../../src/state/window-state.ts';
import { lookbacksOf } from '../operators/product-lookback.ts';
import { windowOptionsFor } from '../operators/product-options.ts';
import { sliceOf } from '../operators/product-run.ts';
import { officeMiniBatches } from '../support/office-mini-batches.ts';

const [first, second, current] = officeMiniBatches({ seed: 9, hosts: 4, slices: 3, thin: 2 }).map((miniBatch) => {
  const { rows } = sliceOf({ ...miniBatch, batchEnd: miniBatch.sliceEnd });
  const { id: miniBatchId, sliceEnd } = miniBatch;
  return { miniBatchId, sliceEnd, addresses: rows.addresses, roles: rows.shards[0]! } satisfies SliceBlock;
});
const keyOf = ({ sliceEnd, miniBatchId }: SliceBlock): BlockKey => {
  const manifest = 'a'.repeat(64);
  return { project: 'default', version: 'v1', shards: 1, shard: 0, sliceEnd, miniBatchId, manifest };
};
const earlier = [first!, second!];

/** Window state in memory that counts how often a block was asked for. */
function countingWindows() {
  const blocks = new Map<string, Uint8Array>();
  let reads = 0;
  const windows: WindowState = {
    async get(wanted) {
      reads++;
      return blocks.get(JSON.stringify(wanted));
    },
    async put(given, block) {
      blocks.set(JSON.stringify(given), block);
      return 'stored';
    },
    async prune() {},
  };
  return {
    stores: { windows, timings: windows, days: windows, bases: windows, baselines: windows },
    reads: () => reads,
  };
}

const options = windowOptionsFor({});
const past = { yesterday: null, base: null };
const [lookback] = lookbacksOf({}, [[...earlier, current!]]) as [Lookback];

type Stages = ReturnType<typeof createStages>;
const sealEarlier = async (stages: Stages): Promise<void> => {
  for (const block of earlier) await stages.seal({ kind: 'slice', key: keyOf(block), block });
};
const emitCurrent = (stages: Stages) =>
  stages.emit({ shard: 0, current: current!, earlier: earlier.map(keyOf), options, past, lookback });

describe('the blocks that a thread keeps open', () => {
  it('are not read again by the thread that sealed them', async () => {
    const { stores, reads } = countingWindows();
    const stages = createStages(stores, openDirectoryRawFiles());
    await sealEarlier(stages);
    for (let step = 0; step < 3; step++) expect(await emitCurrent(stages)).toMatchObject({ is: 'emitted' });
    expect(reads()).toBe(0);
  });

  it('are read once by any other, and give the same rows', async () => {
    const { stores, reads } = countingWindows();
    const sealing = createStages(stores, openDirectoryRawFiles());
    await sealEarlier(sealing);
    const other = createStages(stores, openDirectoryRawFiles());
    const rows = [await emitCurrent(other), await emitCurrent(other), await emitCurrent(other)];
    expect(reads()).toBe(earlier.length);
    for (const found of rows) expect(found).toEqual(await emitCurrent(sealing));
  });

  it('are let go when no window reaches them any more', async () => {
    const { stores, reads } = countingWindows();
    const stages = createStages(stores, openDirectoryRawFiles());
    const at = (hours: number): SliceBlock => ({ ...first!, sliceEnd: first!.sliceEnd + hours * 3_600_000 });
    for (const hours of [0, 1, 24]) await stages.seal({ kind: 'slice', key: keyOf(at(hours)), block: at(hours) });
    const input = { shard: 0, current: at(25), options, past, lookback };
    await stages.emit({ ...input, earlier: [keyOf(at(1)), keyOf(at(24))] });
    expect(reads()).toBe(0);
    await stages.emit({ ...input, earlier: [keyOf(at(0))] });
    expect(reads()).toBe(1);
  });
});
