import { type AddedRows, type BlockRanks, type HeldRows, spareOf } from './held-rows.ts';
import { areWideEnough, kindsOf } from './pair-columns.ts';
import { rewrittenRows } from './rewritten-rows.ts';
import type { Rooms } from './rooms.ts';
import { putBefore, trimRows } from './rows-in-place.ts';

/** What becomes of the blocks of a day. */
export interface RowsUpdate {
  /** Hosts of the blocks that are dropped, by lasting id. */
  readonly dropped: readonly Uint32Array[];
  /** From the newest to the oldest. */
  readonly added: readonly AddedRows[];
  readonly ranks: BlockRanks;
  /** All that is dropped lies at either end of what is held, and all that is added comes before what stays. */
  readonly isInOrder: boolean;
  /** Number of lasting ids. */
  readonly ids: number;
}

/**
 * The rows without those of dropped blocks and with those of further ones. Where blocks come in their order, little more is
 * touched than what they bring; what is given must not be used any more.
 */
export function updatedRows(held: HeldRows, update: RowsUpdate, rooms: Rooms): HeldRows {
  const { dropped, added, ranks, isInOrder, ids } = update;
  const kinds = kindsOf(
    held.pairs,
    added.map(({ rows }) => rows.pairs),
  );
  const rewritten = (further: readonly AddedRows[]): HeldRows => {
    const rows = rewrittenRows(held, further, ranks, kinds, ids, rooms);
    rooms.giveBack(held.room);
    return rows;
  };
  if (!isInOrder || !areWideEnough(held.pairs, kinds)) return rewritten(added);
  if (ids > held.placeOf.length) {
    const longer = new Int32Array(ids + spareOf(ids)).fill(-1);
    longer.set(held.placeOf);
    held.placeOf = longer;
  }
  for (const hosts of dropped) trimRows(held, hosts, ranks);
  for (let left = added.length; left > 0; left--)
    if (!putBefore(held, added[left - 1]!)) return rewritten(added.slice(0, left));
  return held;
}
