import type { WindowPairs } from '../operators/fg-a-pairs.ts';
import { windowPairsOf } from '../operators/fg-a-pairs.ts';
import { createFlowReader, type FileFlows, type ReaderOptions } from '../operators/flow-reader.ts';
import type { Lookback, PastDays } from '../operators/lookback.ts';
import type { PastSlice } from '../operators/past-rows.ts';
import type { ShardRows } from '../operators/row-order.ts';
import { compactBlock } from '../operators/sealed-rows.ts';
import { type MiniBatchFlows, type SliceOptions, shardRowsOf } from '../operators/slice-rows.ts';
import type { Table } from '../operators/table.ts';
import { type SliceBlock, type WindowOptions, type WindowRows, windowRowsOf } from '../operators/windows.ts';
import { encodeParquet } from '../state/parquet.ts';
import { DamagedFile, readRawFile } from '../state/raw-files.ts';
import type { BlockKey, BlockStores } from '../state/window-state.ts';
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
}

/** The parts of a mini-batch that cost CPU: each takes and gives plain data, so that any thread can do it. */
export interface Stages extends LookbackStages {
  read(input: { name: string; path: string; options: ReaderOptions; limits: FileLimits }): Promise<ReadFile>;
  advance(input: { batch: MiniBatchFlows; shard: number; options: SliceOptions }): Promise<ShardRows>;
  /** `current` is the shard's own block, not sealed yet; `earlier` those that the windows cover beside it. */
  emit(input: {
    shard: number;
    current: SliceBlock;
    earlier: readonly BlockKey[];
    options: WindowOptions;
    past: PastKeys;
    lookback: Omit<Lookback, keyof PastDays>;
  }): Promise<EmittedRows | Missing>;
  seal(input: SealInput): Promise<void>;
  encode(input: { table: Table }): Promise<EncodedTable>;
}
export type StageName = keyof Stages;

/** What a mini-batch leaves behind for later ones: the block of a shard, or what all hosts did together. */
export type SealInput =
  | { readonly kind: 'slice'; readonly key: BlockKey; readonly block: SliceBlock }
  | { readonly kind: 'project'; readonly key: BlockKey; readonly block: PastSlice };

export function createStages(stores: BlockStores): Stages {
  const open = createOpenBlocks();
  return {
    async read({ name, path, options, limits }) {
      const rejected = createRejectedLines(name, limits.keptBytes);
      const reader = createFlowReader(options, rejected.add);
      try {
        for await (const chunk of readRawFile(path, limits.bytes)) {
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
    async emit({ current, earlier, options, past: pastKeys, lookback }) {
      const blocks: SliceBlock[] = [];
      const missing: BlockKey[] = [];
      for (const key of earlier) {
        const block = await open.load('slice', stores.windows, key);
        if (block === undefined) missing.push(key);
        else blocks.push(block);
      }
      const past = await openPast(stores, open, pastKeys);
      if (missing.length > 0 || 'keys' in past) return missingOf(missing, past);
      const own = compactBlock(current);
      const ofSlice = blocks.filter(({ sliceEnd }) => sliceEnd === own.sliceEnd);
      return {
        is: 'emitted',
        windows: windowRowsOf([...blocks, own], own, options, { ...lookback, ...past }),
        pairs: windowPairsOf([...ofSlice, own], own),
      };
    },
    async seal(input) {
      if (input.kind === 'slice') await open.save('slice', stores.windows, input.key, compactBlock(input.block));
      else await open.save('project', stores.windows, input.key, input.block);
    },
    ...createLookbackStages(stores, open),
    async encode({ table }) {
      return { rows: table.length, bytes: encodeParquet(table) };
    },
  };
}

const tooManyLines = (most: number): string =>
  `it holds more than ${most} lines, the most that input.max_lines lets a whole mini-batch hold; ` +
  'deliver it as several mini-batches, or raise the setting';
