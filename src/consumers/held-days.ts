import type { PlaceOptions } from '../operators/address-facts.ts';
import { createHeldDay, type HeldDay, type NamedBlock } from '../operators/held-day.ts';
import { createRooms } from '../operators/rooms.ts';
import type { SliceBlock } from '../operators/windows.ts';
import type { BlockKey, WindowState } from '../state/window-state.ts';
import { nameOfBlock, type OpenBlocks } from './open-blocks.ts';

/** The blocks that the windows of one shard cover. */
export interface WantedDay {
  /** Sealed ones. */
  readonly earlier: readonly BlockKey[];
  /** The mini-batch's own, which has no name yet. */
  readonly own: SliceBlock;
  readonly places: PlaceOptions;
}

/** Days of blocks in memory, so that a step need only add what is new to them. */
export interface HeldDays {
  /** Gives `use` a day that holds what is wanted and nothing else; or says which blocks are not there. */
  withDay<T>(
    store: WindowState,
    wanted: WantedDay,
    use: (day: HeldDay) => T,
  ): Promise<
    { readonly is: 'used'; readonly result: T } | { readonly is: 'missing'; readonly keys: readonly BlockKey[] }
  >;
}

interface KeptDay {
  readonly day: HeldDay;
  bytes: number;
  usedAt: number;
}

/** Of all days of a process, unless it is told otherwise: what 44,000 hosts with a dozen pairs a slice take. */
export const MOST_HELD_BYTES = 2 * 2 ** 30;
/** Name of the mini-batch's own block in a day. */
export const OWN = 'own';

/** @param mostBytes of all days together. One that has no room beside the others is made anew each time. */
export function createHeldDays(blocks: OpenBlocks, mostBytes: number): HeldDays {
  const kept = new Map<string, KeptDay>();
  const rooms = createRooms();
  let uses = 0;

  const drop = (id: string, { day }: KeptDay): void => {
    kept.delete(id);
    day.close();
  };
  const bytesKept = (): number => [...kept.values()].reduce((sum, { bytes }) => sum + bytes, 0);

  /** Keeps a day where there is room for it, and lets go what is no longer asked for. */
  const keep = (id: string, day: HeldDay): void => {
    kept.set(id, { day, bytes: day.bytes, usedAt: ++uses });
    if (bytesKept() <= mostBytes) return;
    for (const [other, one] of kept) if (one.usedAt < uses - 2 * kept.size) drop(other, one);
    // Those that stay are asked for as often as this one: to take turns would be of no use to any.
    if (bytesKept() > mostBytes) drop(id, kept.get(id)!);
  };

  return {
    async withDay(store, { earlier, own, places }, use) {
      const id = idOf(earlier, places);
      const named = earlier.map((key) => ({ name: nameOfBlock('slice', key), key }));
      const opened = new Map<string, SliceBlock>();
      // Whoever else uses the day meanwhile may change what it holds.
      for (;;) {
        const day = kept.get(id)?.day;
        const absent = named.filter(({ name }) => !day?.has(name) && !opened.has(name));
        if (absent.length === 0) break;
        const missing: BlockKey[] = [];
        for (const { name, key } of absent) {
          const block = await blocks.read('slice', store, key);
          if (block === undefined) missing.push(key);
          else opened.set(name, block);
        }
        if (missing.length > 0) return { is: 'missing', keys: missing };
      }
      const day = kept.get(id)?.day ?? createHeldDay(places, rooms);
      // Should anything fail, what the day holds is not known any more.
      kept.delete(id);
      const added: NamedBlock[] = [{ name: OWN, block: own }];
      for (const { name } of named) {
        const block = opened.get(name);
        if (block !== undefined && !day.has(name)) added.push({ name, block });
      }
      day.update(new Set(named.map(({ name }) => name)), added);
      opened.clear();
      const result = use(day);
      if (earlier.length === 0) day.close();
      else keep(id, day);
      if (kept.has(id)) for (const { key } of named) blocks.letGo('slice', key);
      return { is: 'used', result };
    },
  };
}

/** Names what a day is of: a shard under one reading of its addresses. */
function idOf([first]: readonly BlockKey[], places: PlaceOptions): string {
  return JSON.stringify([first?.project, first?.version, first?.shards, first?.shard, places]);
}
