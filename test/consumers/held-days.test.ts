import { describe, expect, it } from 'vitest';
import { createStages, type EmittedRows } from '../../src/consumers/stages.ts';
import type { Lookback } from '../../src/operators/lookback.ts';
import type { SliceBlock } from '../../src/operators/windows.ts';
import { openDirectoryRawFiles } from '../../src/state/raw-files/directory.ts';
import type { BlockKey, WindowState } from '../../src/state/window-state.ts';
import { lookbacksOf } from '../operators/product-lookback.ts';
import { windowOptionsFor } from '../operators/product-options.ts';
import { sliceOf } from '../operators/product-run.ts';
import { officeMiniBatches } from '../support/office-mini-batches.ts';

const SLICES = 7;
const blocks = officeMiniBatches({ seed: 4, hosts: 5, slices: SLICES, thin: 2 }).map((miniBatch): SliceBlock => {
  const { rows } = sliceOf({ ...miniBatch, batchEnd: miniBatch.sliceEnd });
  const { id: miniBatchId, sliceEnd } = miniBatch;
  return { miniBatchId, sliceEnd, addresses: rows.addresses, roles: rows.shards[0]! };
});
const keyOf = ({ sliceEnd, miniBatchId }: SliceBlock, manifest = 'a'): BlockKey => ({
  ...{ project: 'default', version: 'v1', shards: 1, shard: 0, sliceEnd, miniBatchId },
  manifest: manifest.repeat(64),
});
const options = windowOptionsFor({});
const past = { yesterday: null, base: null };

function windowsInMemory() {
  const held = new Map<string, Uint8Array>();
  const reads: string[] = [];
  const windows: WindowState = {
    async get(key) {
      reads.push(key.miniBatchId);
      return held.get(JSON.stringify(key));
    },
    async put(key, block) {
      held.set(JSON.stringify(key), block);
      return 'stored';
    },
    async prune() {},
  };
  return {
    stores: { windows, days: windows, bases: windows, timings: windows, baselines: windows },
    reads,
    forgetAll: () => held.clear(),
  };
}

type Stages = ReturnType<typeof createStages>;
async function emit(
  stages: Stages,
  n: number,
  earlier: readonly SliceBlock[],
  keys = earlier.map((one) => keyOf(one)),
) {
  const [lookback] = lookbacksOf({}, [[...earlier, blocks[n]!]]) as [Lookback];
  return stages.emit({ shard: 0, current: blocks[n]!, earlier: keys, options, past, lookback });
}
const valuesOf = (answer: Awaited<ReturnType<Stages['emit']>>) => {
  const { windows, pairs } = answer as EmittedRows;
  return { features: [...windows.features], hosts: windows.addresses.ipv4, pairs };
};

describe('days in memory', () => {
  it('need only what is new to them, step by step, and give what all blocks read anew give', async () => {
    const { stores, reads } = windowsInMemory();
    const warm = createStages(stores, openDirectoryRawFiles());
    for (let n = 0; n < SLICES; n++) {
      const earlier = blocks.slice(Math.max(0, n - 4), n);
      const rows = valuesOf(await emit(warm, n, earlier));
      expect(reads.splice(0)).toEqual([]);
      expect(rows).toEqual(valuesOf(await emit(createStages(stores, openDirectoryRawFiles()), n, earlier)));
      await warm.seal({ kind: 'slice', key: keyOf(blocks[n]!), block: blocks[n]! });
      reads.length = 0;
    }
  });

  it('that have no room are read anew each time, to the same rows', async () => {
    const { stores, reads } = windowsInMemory();
    for (const block of blocks)
      await createStages(stores, openDirectoryRawFiles()).seal({ kind: 'slice', key: keyOf(block), block });
    const [roomy, narrow] = [
      createStages(stores, openDirectoryRawFiles()),
      createStages(stores, openDirectoryRawFiles(), 1000),
    ];
    for (const n of [3, 4, 5]) {
      const earlier = blocks.slice(0, n);
      const rows = valuesOf(await emit(roomy, n, earlier));
      reads.length = 0;
      expect(valuesOf(await emit(narrow, n, earlier))).toEqual(rows);
      expect(reads.length).toBe(n);
    }
  });

  it('hold another revision of a mini-batch for another block', async () => {
    const { stores, reads } = windowsInMemory();
    const stages = createStages(stores, openDirectoryRawFiles());
    const other: SliceBlock = { ...blocks[4]!, miniBatchId: blocks[1]!.miniBatchId, sliceEnd: blocks[1]!.sliceEnd };
    for (const block of [blocks[0]!, blocks[1]!]) await stages.seal({ kind: 'slice', key: keyOf(block), block });
    await createStages(stores, openDirectoryRawFiles()).seal({ kind: 'slice', key: keyOf(other, 'b'), block: other });
    const first = valuesOf(await emit(stages, 2, [blocks[0]!, blocks[1]!]));
    const keys = [keyOf(blocks[0]!), keyOf(other, 'b')];
    const second = valuesOf(await emit(stages, 2, [blocks[0]!, other], keys));
    expect(reads).toEqual([other.miniBatchId]);
    expect(second.features).not.toEqual(first.features);
    expect(second).toEqual(
      valuesOf(await emit(createStages(stores, openDirectoryRawFiles()), 2, [blocks[0]!, other], keys)),
    );
  });

  it('say what is missing, and go on once it is there', async () => {
    const { stores } = windowsInMemory();
    const [sealing, stages] = [
      createStages(stores, openDirectoryRawFiles()),
      createStages(stores, openDirectoryRawFiles()),
    ];
    const earlier = blocks.slice(0, 2);
    await sealing.seal({ kind: 'slice', key: keyOf(earlier[0]!), block: earlier[0]! });
    expect(await emit(stages, 2, earlier)).toEqual({ is: 'missing', keys: [keyOf(earlier[1]!)] });
    await sealing.seal({ kind: 'slice', key: keyOf(earlier[1]!), block: earlier[1]! });
    expect(await emit(stages, 2, earlier)).toMatchObject({ is: 'emitted' });
  });

  it('serve calls that overlap', async () => {
    const { stores } = windowsInMemory();
    for (const block of blocks)
      await createStages(stores, openDirectoryRawFiles()).seal({ kind: 'slice', key: keyOf(block), block });
    const stages = createStages(stores, openDirectoryRawFiles());
    const steps = [6, 2, 5, 3, 6];
    const together = await Promise.all(steps.map((n) => emit(stages, n, blocks.slice(0, n))));
    for (const [i, n] of steps.entries())
      expect(valuesOf(together[i]!)).toEqual(
        valuesOf(await emit(createStages(stores, openDirectoryRawFiles()), n, blocks.slice(0, n))),
      );
  });
});
