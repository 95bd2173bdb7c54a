import { type AddressDictionary, createAddressDictionary } from './address-dictionary.ts';
import type { PlaceOptions } from './address-facts.ts';
import { createGroupedTotals } from './grouped-totals.ts';
import { type HeldContents, renumbered } from './held-ids.ts';
import { type HeldRows, noRows } from './held-rows.ts';
import { bytesOfTotals, type HeldTotals, heldTotalsOf, type RingedTotals } from './held-totals.ts';
import { DIRECTIONS } from './metrics.ts';
import type { RoleName } from './role-rows.ts';
import type { Rooms } from './rooms.ts';
import { updatedRows } from './updated-rows.ts';
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
  /** Merged metrics of all blocks in one role, some of them added up, in windows that end at `windowsEnd` (ms UTC). */
  totals(role: RoleName, windowsEnd: number): readonly RingedTotals[];
  has(name: string): boolean;
  /** Drops all blocks but the wanted ones, and adds further ones. */
  update(wanted: ReadonlySet<string>, added: readonly NamedBlock[]): void;
  /** Gives its memory back; it must not be used any more. */
  close(): void;
}

const noGroups = () => ({ outbound: createGroupedTotals('outbound'), inbound: createGroupedTotals('inbound') });

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
  let grouped = noGroups();
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
      return bytesOf(contents) + grouped.outbound.bytes + grouped.inbound.bytes;
    },
    totals: (role, windowsEnd) => grouped[role].of(contents.blocks, windowsEnd),
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
      const rankOf = ({ serial }: HeldBlock): number => ranks[serial - first]!;
      const dropped = contents.blocks.filter((block) => rankOf(block) < 0);
      const isInOrder = areTogether(contents.blocks, kept) && kept.every((block) => rankOf(block) >= entered.length);
      const rowsOf = (role: RoleName): HeldRows => {
        const added = entered.map(({ ids, block, held: own }) => {
          return { serial: own.serial, rank: rankOf(own), rows: block.roles[role], ids };
        });
        added.sort((a, b) => a.rank - b.rank);
        const update = {
          dropped: dropped.map(({ totals }) => totals[role].hosts),
          ...{ added, ranks: { first, ranks }, isInOrder, ids: addresses.list.count },
        };
        return updatedRows(contents.rows[role], update, rooms);
      };
      const rows = { outbound: rowsOf('outbound'), inbound: rowsOf('inbound') };
      if (contents.blocks.length === 0) idsInUse = addresses.list.count;
      contents = { addresses, blocks, rows };
      if (addresses.list.count <= 2 * idsInUse + mostIdleIds) return;
      contents = renumbered(contents, places);
      grouped = noGroups();
      idsInUse = contents.addresses.list.count;
    },
    close,
  };
}

/** Whether nothing of `all` lies between those that are kept of it. */
const areTogether = (all: readonly HeldBlock[], kept: readonly HeldBlock[]): boolean =>
  kept.length === 0 || all.indexOf(kept.at(-1)!) - all.indexOf(kept[0]!) === kept.length - 1;

function bytesOf({ addresses, blocks, rows }: HeldContents): number {
  let bytes = addresses.bytes;
  for (const role of DIRECTIONS) {
    bytes += rows[role].room.bytes;
    for (const { totals } of blocks) bytes += BLOCK_OVERHEAD + bytesOfTotals(totals[role]);
  }
  return bytes;
}
