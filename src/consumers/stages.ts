import { createHash } from 'node:crypto';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { WindowPairs } from '../operators/fg-a-pairs.ts';
import { windowPairsOf } from '../operators/fg-a-pairs.ts';
import { createFlowReader, type FileFlows, type ReaderOptions } from '../operators/flow-reader.ts';
import type { ShardRows } from '../operators/row-order.ts';
import { compactBlock } from '../operators/sealed-rows.ts';
import { type MiniBatchFlows, type SliceOptions, shardRowsOf } from '../operators/slice-rows.ts';
import type { Table } from '../operators/table.ts';
import { type SliceBlock, type WindowOptions, type WindowRows, windowRowsOf } from '../operators/windows.ts';
import { decodeBlock, encodeBlock } from '../state/block-codec.ts';
import { encodeParquet } from '../state/parquet.ts';
import type { RejectedLine } from '../state/quarantine.ts';
import { readRawFile } from '../state/raw-files.ts';
import type { BlockKey, WindowState } from '../state/window-state.ts';

/** A file as read, or why it could not be. A file that ends in the middle of its compression is no data at all. */
export type ReadFile =
  | { readonly is: 'read'; readonly name: string; readonly flows: FileFlows; readonly rejected: RejectedLines }
  | { readonly is: 'damaged'; readonly name: string; readonly why: string };

/** Rejected lines of one file, as compressed JSON Lines, so that a file of noise does not fill memory. */
export type RejectedLines = readonly Uint8Array[];

export interface EncodedTable {
  readonly rows: number;
  readonly bytes: Uint8Array;
}

export type EmittedRows =
  | { readonly is: 'emitted'; readonly windows: WindowRows; readonly pairs: WindowPairs }
  /** These blocks are not there, or do not open. */
  | { readonly is: 'missing'; readonly keys: readonly BlockKey[] };

/** Blocks kept open by one thread, in bytes. */
const OPEN_BLOCK_BYTES = 256 << 20;
/** What a block costs beside its values: some thirty arrays. Else blocks of quiet hours would be kept without end. */
const BLOCK_OVERHEAD = 8 << 10;
const REJECTED_BYTES = 1 << 20;

/** The parts of a mini-batch that cost CPU: each takes and gives plain data, so that any thread can do it. */
export interface Stages {
  read(input: { name: string; path: string; options: ReaderOptions }): Promise<ReadFile>;
  advance(input: { batch: MiniBatchFlows; shard: number; options: SliceOptions }): Promise<ShardRows>;
  /** `current` is the shard's own block, not sealed yet; `earlier` those that the windows cover beside it. */
  emit(input: {
    shard: number;
    current: SliceBlock;
    earlier: readonly BlockKey[];
    options: WindowOptions;
  }): Promise<EmittedRows>;
  seal(input: { key: BlockKey; block: SliceBlock }): Promise<void>;
  encode(input: { table: Table }): Promise<EncodedTable>;
}
export type StageName = keyof Stages;

export function createStages(windows: WindowState): Stages {
  const open = new Map<string, { block: SliceBlock; bytes: number }>();
  let openBytes = 0;

  const keep = (name: string, block: SliceBlock): void => {
    const bytes = bytesOf(block);
    open.set(name, { block, bytes });
    openBytes += bytes;
    for (const [oldest, { bytes: freed }] of open) {
      if (openBytes <= OPEN_BLOCK_BYTES || oldest === name) break;
      open.delete(oldest);
      openBytes -= freed;
    }
  };

  const load = async (key: BlockKey): Promise<SliceBlock | undefined> => {
    const name = nameOf(key);
    const known = open.get(name);
    if (known !== undefined) return known.block;
    const bytes = await windows.get(key);
    const block = bytes === undefined ? undefined : decodeBlock(bytes);
    if (block !== undefined) keep(name, block);
    return block;
  };

  return {
    async read({ name, path, options }) {
      const rejected = createRejectedLines(name);
      const reader = createFlowReader(options, rejected.add);
      try {
        for await (const chunk of readRawFile(path)) reader.push(chunk);
      } catch (error) {
        return { is: 'damaged', name, why: error instanceof Error ? error.message : String(error) };
      }
      return { is: 'read', name, flows: reader.finish(), rejected: rejected.finish() };
    },
    async advance({ batch, shard, options }) {
      return shardRowsOf(batch, shard, options);
    },
    async emit({ current, earlier, options }) {
      const blocks: SliceBlock[] = [];
      const missing: BlockKey[] = [];
      for (const key of earlier) {
        const block = await load(key);
        if (block === undefined) missing.push(key);
        else blocks.push(block);
      }
      if (missing.length > 0) return { is: 'missing', keys: missing };
      const own = compactBlock(current);
      const ofSlice = blocks.filter(({ sliceEnd }) => sliceEnd === own.sliceEnd);
      return {
        is: 'emitted',
        windows: windowRowsOf([...blocks, own], own, options),
        pairs: windowPairsOf([...ofSlice, own], own),
      };
    },
    async seal({ key, block }) {
      const own = compactBlock(block);
      await windows.put(key, encodeBlock(own));
      if (!open.has(nameOf(key))) keep(nameOf(key), own);
    },
    async encode({ table }) {
      return { rows: table.length, bytes: encodeParquet(table) };
    },
  };
}

const nameOf = (key: BlockKey): string =>
  createHash('sha1')
    .update(JSON.stringify(Object.values(key)))
    .digest('base64');

function bytesOf({ addresses, roles }: SliceBlock): number {
  const columns = Object.values(roles).flatMap(({ hosts, totals, isCapped, pairs }) => [
    hosts,
    totals,
    isCapped,
    ...Object.values(pairs),
  ]);
  return BLOCK_OVERHEAD + addresses.count * 5 + columns.reduce((sum, column) => sum + column.byteLength, 0);
}

interface RejectedWriter {
  add(line: number, rule: string, text: Uint8Array): void;
  finish(): RejectedLines;
}

function createRejectedLines(file: string): RejectedWriter {
  const utf8 = new TextDecoder();
  const packed: Uint8Array[] = [];
  let gathered: string[] = [];
  let size = 0;
  const pack = (): void => {
    if (size > 0) packed.push(zstdCompressSync(gathered.join('')));
    gathered = [];
    size = 0;
  };
  return {
    add(line, reason, text) {
      const record: RejectedLine = { file, line, reason, text: utf8.decode(text) };
      const json = `${JSON.stringify(record)}\n`;
      gathered.push(json);
      size += json.length;
      if (size > REJECTED_BYTES) pack();
    },
    finish() {
      pack();
      return packed;
    },
  };
}

/** The rejected lines of all files, in order. */
export function* unpackRejected(files: readonly RejectedLines[]): Generator<RejectedLine> {
  for (const packed of files.flat()) {
    for (const json of zstdDecompressSync(packed).toString('utf8').split('\n')) {
      if (json !== '') yield JSON.parse(json) as RejectedLine;
    }
  }
}
