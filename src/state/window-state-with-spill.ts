import type { BlockKey, StateObserver, WindowState } from './window-state.ts';

const MOST_REMEMBERED = 50_000;

/**
 * Window state in two places: what the primary does not take, or keeps losing, goes to the local one. So a primary that is
 * full or away costs its speed, never a mini-batch.
 */
export function windowStateWithSpill(primary: WindowState, local: WindowState, observe: StateObserver): WindowState {
  const given = new Set<string>();
  const wasGiven = ({ project, version, shards, shard, sliceEnd, miniBatchId, manifest }: BlockKey): boolean => {
    const name = JSON.stringify([project, version, shards, shard, sliceEnd, miniBatchId, manifest]);
    if (given.has(name)) return true;
    if (given.size >= MOST_REMEMBERED) given.clear();
    given.add(name);
    return false;
  };

  return {
    async get(key) {
      const block = await primary.get(key);
      if (block !== undefined) return block;
      const spilt = await local.get(key);
      observe('folder', spilt === undefined ? 'miss' : 'hit');
      return spilt;
    },
    async put(key, block) {
      const outcome = await primary.put(key, block);
      // Given before, it was not found by somebody who needs it now: it was evicted, say, or his connection is broken.
      if (outcome === 'stored' && !wasGiven(key)) return outcome;
      observe('folder', 'stored');
      return local.put(key, block);
    },
    async prune(...slices) {
      await Promise.all([primary.prune(...slices), local.prune(...slices)]);
    },
  };
}
