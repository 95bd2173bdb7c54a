import type { ShardBeacons } from '../operators/beacon-rows.ts';
import type { WindowPairs } from '../operators/fg-a-pairs.ts';
import { windowPairsOf } from '../operators/fg-a-pairs.ts';
import { type FgCPart, fgCTable } from '../operators/fg-c.ts';
import { createFlowReader, type FileFlows, type ReaderOptions } from '../operators/flow-reader.ts';
import type { Lookback, PastDays } from '../operators/lookback.ts';
import { pairTimingsOf, type TimedRows } from '../operators/pair-timings.ts';
import type { PastSlice } from '../operators/past-rows.ts';
import type { ShardRows } from '../operators/row-order.ts';
import { compactBlock } from '../operators/sealed-rows.ts';
import { type MiniBatchFlows, type SliceOptions, shardRowsOf } from '../operators/slice-rows.ts';
import type { Table } from '../operators/table.ts';
import { type SliceBlock, type WindowOptions, type WindowRows, windowRowsOfDay } from '../operators/windows.ts';
import { encodeParquet } from '../state/parquet.ts';
import { readRawFile } from '../state/raw-file-reader.ts';
import { DamagedFile, type RawFile, type RawFiles } from '../state/raw-files.ts';
import type { BlockKey, BlockStores } from '../state/window-state.ts';
import {
  type BeaconInput,
  type BeaconStages,
  createBeaconStages,
  findShardBeacons,
  openTimings,
} from './beacon-stages.ts';
import { createDeviationStages, type DeviationStages } from './deviation-stages.ts';
import { createHeldDays, MOST_HELD_BYTES } from './held-days.ts';
import {
  createLookbackStages,
  type LookbackStages,
  type Missing,
  missingOf,
  openPast,
  type PastKeys,
} from './lookback-stages.ts';
import { createOpenBlocks } from './open-blocks.ts';
import { createRejectedLines, type RejectedLines } from './rejected-lines.ts';

/** A file as read, or why it could not be: then nothing of it is used. */
export type ReadFile =
  | { readonly is: 'read'; readonly name: string; readonly flows: FileFlows; readonly rejected: RejectedLines }
  | { readonly is: 'damaged'; readonly name: string; readonly why: string };

/** The most that one file may hold, and that is kept of what it should not. */
export interface FileLimits {
  /** Inflated; settable as input.max_file_bytes. */
  readonly bytes: number;
  /** Settable as input.max_lines, which is of the whole mini-batch. */
  readonly lines: number;
  /** Of rejected lines. */
  readonly keptBytes: number;
}

export interface EncodedTable {
  readonly rows: number;
  readonly bytes: Uint8Array;
}

export interface EmittedRows {
  readonly is: 'emitted';
  readonly windows: WindowRows;
  readonly pairs: WindowPairs;
  /** null: not looked for. */
  readonly beacons: ShardBeacons | null;
}

/** The parts of a mini-batch that cost CPU: each takes and gives plain data, so that any thread can do it. */
export interface Stages extends LookbackStages, BeaconStages, DeviationStages {
  read(input: { file: RawFile; options: ReaderOptions; limits: FileLimits }): Promise<ReadFile>;
  advance(input: { batch: MiniBatchFlows; shard: number; options: SliceOptions }): Promise<ShardRows>;
  /** `current` is the shard's own block, not sealed yet; `earlier` those that the windows cover beside it. */
  emit(input: {
    shard: number;
    current: SliceBlock;
    earlier: readonly BlockKey[];
    options: WindowOptions;
    past: PastKeys;
    lookback: Omit<Lookback, keyof PastDays>;
    /** null, or left out: not to be looked for. */
    beacons?: BeaconInput | null;
  }): Promise<EmittedRows | Missing>;
  seal(input: SealInput): Promise<void>;
  encode(input: { table: Table }): Promise<EncodedTable>;
  encodeFgC(input: { part: FgCPart }): Promise<EncodedTable>;
}
export type StageName = keyof Stages;

/** What a mini-batch leaves behind for later ones: the block of a shard, or what all hosts did together. */
export type SealInput =
  | { readonly kind: 'slice'; readonly key: BlockKey; readonly block: SliceBlock; readonly timed?: TimedRows }
  | { readonly kind: 'project'; readonly key: BlockKey; readonly block: PastSlice };

/** @param heldBytes most that the days of blocks may take that are kept in memory from one mini-batch to the next. */
export function createStages(stores: BlockStores, rawFiles: RawFiles, heldBytes: number = MOST_HELD_BYTES): Stages {
  const open = createOpenBlocks();
  const days = createHeldDays(open, heldBytes);
  return {
    async read({ file, options, limits }) {
      const { name } = file;
      const rejected = createRejectedLines(name, limits.keptBytes);
      const reader = createFlowReader(options, rejected.add);
      try {
        for await (const chunk of readRawFile(rawFiles, file, limits.bytes)) {
          reader.push(chunk);
          if (reader.lines() > limits.lines) return { is: 'damaged', name, why: tooManyLines(limits.lines) };
        }
      } catch (error) {
        if (error instanceof DamagedFile) return { is: 'damaged', name, why: error.message };
        throw error;
      }
      return { is: 'read', name, flows: reader.finish(), rejected: rejected.finish() };
    },
    async advance({ batch, shard, options }) {
      return shardRowsOf(batch, shard, options);
    },
    async emit({ current, earlier, options, past: pastKeys, lookback, beacons = null }) {
      const own = compactBlock(current);
      const past = await openPast(stores, open, pastKeys);
      const ofSlice: SliceBlock[] = [];
      const missing: BlockKey[] = [];
      for (const key of earlier.filter(({ sliceEnd }) => sliceEnd === own.sliceEnd)) {
        const block = await open.read('slice', stores.windows, key);
        if (block === undefined) missing.push(key);
        else ofSlice.push(block);
      }
      const timings = beacons === null ? new Map() : await openTimings(stores, open, earlier);
      if (!(timings instanceof Map)) missing.push(...timings);
      if (missing.length > 0 || 'keys' in past || !(timings instanceof Map)) return missingOf(missing, past);
      const known = { ...lookback, ...past };
      const { segmentMapping } = options.places;
      const emitted = await days.withDay(stores.windows, { earlier, own, places: options.places }, (day) => {
        const windows = windowRowsOfDay(day, own, options, known);
        const { addresses: hosts } = windows;
        const found =
          beacons === null ? null : findShardBeacons(day, timings, current, hosts, beacons, known, segmentMapping);
        return { windows, beacons: found };
      });
      if (emitted.is === 'missing') return missingOf(emitted.keys, past);
      return { is: 'emitted', ...emitted.result, pairs: windowPairsOf([...ofSlice, own], own) };
    },
    async seal(input) {
      if (input.kind === 'slice') {
        const { key, block, timed } = input;
        await open.save('slice', stores.windows, key, compactBlock(block));
        if (timed !== undefined) await open.save('timings', stores.timings, key, pairTimingsOf(block, timed));
      } else await open.save('project', stores.windows, input.key, input.block);
    },
    ...createLookbackStages(stores, open),
    ...createBeaconStages(stores, open),
    ...createDeviationStages(stores),
    async encode({ table }) {
      return { rows: table.length, bytes: encodeParquet(table) };
    },
    async encodeFgC({ part }) {
      return { rows: part.table.length, bytes: encodeParquet(fgCTable(part)) };
    },
  };
}

const tooManyLines = (most: number): string =>
  `it holds more than ${most} lines, the most that input.max_lines lets a whole mini-batch hold; ` +
  'deliver it as several mini-batches, or raise the setting';
