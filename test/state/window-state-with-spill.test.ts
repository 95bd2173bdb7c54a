import { describe, expect, it } from 'vitest';
import type { BlockKey, StateEvent, WindowState } from '../../src/state/window-state.ts';
import { windowStateWithSpill } from '../../src/state/window-state-with-spill.ts';
import { blockKey } from '../conformance/window-state-suite.ts';

/** Window state in memory that can be told to take nothing. */
function memory() {
  const blocks = new Map<string, Uint8Array>();
  const pruned: number[] = [];
  let isFull = false;
  const nameOf = (key: BlockKey): string => JSON.stringify(Object.entries(key).sort());
  const state: WindowState = {
    get: async (key) => blocks.get(nameOf(key)),
    async put(key, block) {
      if (isFull) return 'refused';
      blocks.set(nameOf(key), block);
      return 'stored';
    },
    async prune(_project, _version, sliceEnd) {
      pruned.push(sliceEnd);
    },
  };
  return {
    state,
    blocks,
    pruned,
    fill: (full: boolean) => {
      isFull = full;
    },
  };
}

function both() {
  const [primary, local] = [memory(), memory()];
  const events: StateEvent[] = [];
  const state = windowStateWithSpill(primary.state, local.state, (place, event) => {
    expect(place).toBe('folder');
    events.push(event);
  });
  return { primary, local, state, events };
}

const block = Uint8Array.of(1, 2, 3);

describe('window state with spill', () => {
  it('keeps in the primary what that takes, and nothing of it elsewhere', async () => {
    const { primary, local, state, events } = both();
    expect(await state.put(blockKey(), block)).toBe('stored');
    expect(await state.get(blockKey())).toBe(block);
    expect([primary.blocks.size, local.blocks.size]).toEqual([1, 0]);
    expect(events).toEqual([]);
  });

  it('keeps in the local place what the primary refuses', async () => {
    const { primary, local, state, events } = both();
    primary.fill(true);
    expect(await state.put(blockKey(), block)).toBe('stored');
    expect([primary.blocks.size, local.blocks.size]).toEqual([0, 1]);
    primary.fill(false);
    expect(await state.get(blockKey())).toBe(block);
    expect(events).toEqual(['stored', 'hit']);
  });

  it('says that both refused', async () => {
    const { primary, local, state } = both();
    primary.fill(true);
    local.fill(true);
    expect(await state.put(blockKey(), block)).toBe('refused');
    expect(await state.get(blockKey())).toBeUndefined();
  });

  it('keeps in both what was given before: whoever needs it did not find it', async () => {
    const { primary, local, state } = both();
    await state.put(blockKey(), block);
    await state.put(blockKey({ shard: 1 }), block);
    primary.blocks.clear();
    await state.put(blockKey(), block);
    expect([primary.blocks.size, local.blocks.size]).toEqual([1, 1]);
    primary.blocks.clear();
    expect(await state.get(blockKey())).toBe(block);
    expect(await state.get(blockKey({ shard: 1 }))).toBeUndefined();
  });

  it('knows a key by what it says, in whatever order', async () => {
    const { local, state } = both();
    const { miniBatchId, ...others } = blockKey();
    await state.put(blockKey(), block);
    await state.put({ miniBatchId, ...others }, block);
    await state.put(blockKey({ shard: 'project-0a' }), block);
    expect(local.blocks.size).toBe(1);
  });

  it('prunes both', async () => {
    const { primary, local, state } = both();
    await state.prune('office', 'v1', 17);
    expect([primary.pruned, local.pruned]).toEqual([[17], [17]]);
  });
});
