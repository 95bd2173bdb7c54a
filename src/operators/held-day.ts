import { type AddressDictionary, createAddressDictionary } from './address-dictionary.ts';
import type { PlaceOptions } from './address-facts.ts';
import { type HeldContents, renumbered } from './held-ids.ts';
import { type HeldRows, noRows, updatedRows } from './held-rows.ts';
import { bytesOfTotals, type HeldTotals, heldTotalsOf } from './held-totals.ts';
import { DIRECTIONS } from './metrics.ts';
import type { RoleName } from './role-rows.ts';
import type { Rooms } from './rooms.ts';
import type { SliceBlock } from './windows.ts';

/** A block with a name that no other content has. */
export interface NamedBlock {
  readonly name: string;
  readonly block: SliceBlock;
}

export interface HeldBlock {
  readonly name: string;
  readonly sliceEnd: number;
  /** Blocks of one slice are told apart by it. */
  readonly serial: number;
  readonly totals: Readonly<Record<RoleName, HeldTotals>>;
}

/**
 * The blocks of 24 hours of one shard, in a form from which windows are cheap to compute: addresses have lasting ids, and the
 * pair rows of a host lie together. What it holds is told by the blocks' names alone: however it came to hold them, windows
 * are the same.
 */
export interface HeldDay {
  readonly addresses: AddressDictionary;
  /** From the newest to the oldest. */
  readonly blocks: readonly HeldBlock[];
  readonly rows: Readonly<Record<RoleName, HeldRows>>;
  readonly bytes: number;
  has(name: string): boolean;
  /** Drops all blocks but the wanted ones, and adds further ones. */
  update(wanted: ReadonlySet<string>, added: readonly NamedBlock[]): void;
  /** Gives its memory back; it must not be used any more. */
  close(): void;
}

const MOST_IDLE_IDS = 65_536;
/** What a block costs beside its values: some fifty arrays. */
const BLOCK_OVERHEAD = 8 << 10;

/** @param mostIdleIds ids that may be there beyond twice those in use; then all are given anew. */
export function createHeldDay(places: PlaceOptions, rooms: Rooms, mostIdleIds: number = MOST_IDLE_IDS): HeldDay {
  let contents: HeldContents = {
    addresses: createAddressDictionary(places),
    blocks: [],
    rows: { outbound: noRows(rooms), inbound: noRows(rooms) },
  };
  let nextSerial = 0;
  /** Ids in use when they were last given anew. */
  let idsInUse = 0;

  const close = (): void => {
    for (const role of DIRECTIONS) rooms.giveBack(contents.rows[role].room);
  };

  return {
    get addresses() {
      return contents.addresses;
    },
    get blocks() {
      return contents.blocks;
    },
    get rows() {
      return contents.rows;
    },
    get bytes() {
      return bytesOf(contents);
    },
    has: (name) => contents.blocks.some((block) => block.name === name),
    update(wanted, added) {
      const { addresses } = contents;
      const idsOf = addresses.enterAll(added.map(({ block }) => block.addresses));
      const entered = added.map(({ name, block }, n) => {
        const ids = idsOf[n]!;
        const { outbound, inbound } = block.roles;
        const totals = { outbound: heldTotalsOf(outbound, ids), inbound: heldTotalsOf(inbound, ids) };
        return { ids, block, held: { name, sliceEnd: block.sliceEnd, serial: nextSerial++, totals } };
      });
      const kept = contents.blocks.filter(({ name }) => wanted.has(name));
      const blocks = [...kept, ...entered.map(({ held }) => held)].sort(
        (a, b) => b.sliceEnd - a.sliceEnd || b.serial - a.serial,
      );
      const first = contents.blocks.reduce((least, { serial }) => Math.min(least, serial), nextSerial - added.length);
      const ranks = new Int32Array(nextSerial - first).fill(-1);
      blocks.forEach(({ serial }, rank) => {
        ranks[serial - first] = rank;
      });
      const rowsOf = (role: RoleName): HeldRows => {
        const further = entered.map(({ ids, block, held: { serial } }) => {
          return { serial, rank: ranks[serial - first]!, rows: block.roles[role], ids };
        });
        further.sort((a, b) => a.rank - b.rank);
        return updatedRows(contents.rows[role], further, { first, ranks }, addresses.list.count, rooms);
      };
      const rows = { outbound: rowsOf('outbound'), inbound: rowsOf('inbound') };
      if (contents.blocks.length === 0) idsInUse = addresses.list.count;
      close();
      contents = { addresses, blocks, rows };
      if (addresses.list.count <= 2 * idsInUse + mostIdleIds) return;
      contents = renumbered(contents, places);
      idsInUse = contents.addresses.list.count;
    },
    close,
  };
}

function bytesOf({ addresses, blocks, rows }: HeldContents): number {
  let bytes = addresses.bytes;
  for (const role of DIRECTIONS) {
    bytes += rows[role].room.bytes;
    for (const { totals } of blocks) bytes += BLOCK_OVERHEAD + bytesOfTotals(totals[role]);
  }
  return bytes;
}
