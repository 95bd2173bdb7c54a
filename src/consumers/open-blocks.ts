import { createHash } from 'node:crypto';
import { DAY_MS } from '../operators/time.ts';
import { type BlockKind, decodeBlock, encodeBlock } from '../state/block-codec.ts';
import type { BlockKey, WindowState } from '../state/window-state.ts';

/** Blocks kept open by one thread, in bytes. */
const MOST_BYTES = 256 << 20;
/** What a block costs beside its values: some thirty arrays. Else blocks of quiet hours would be kept without end. */
const BLOCK_OVERHEAD = 8 << 10;
const ENTRY_BYTES = 64;

type Block<K extends BlockKind> = Exclude<ReturnType<typeof decodeBlock<K>>, undefined>;

interface OpenBlock {
  readonly block: unknown;
  readonly bytes: number;
  readonly kind: BlockKind;
  /** ms UTC. */
  readonly sliceEnd: number;
}

/** Sealed blocks by their keys. Those that windows read again and again stay open. */
export interface OpenBlocks {
  /** undefined: not there, or damaged. */
  load<K extends BlockKind>(kind: K, store: WindowState, key: BlockKey): Promise<Block<K> | undefined>;
  /** As `load`, but does not keep it open: for what is read once in a while. */
  read<K extends BlockKind>(kind: K, store: WindowState, key: BlockKey): Promise<Block<K> | undefined>;
  /** Closes one: what it holds is kept elsewhere. */
  letGo(kind: BlockKind, key: BlockKey): void;
  save<K extends BlockKind>(kind: K, store: WindowState, key: BlockKey, block: Block<K>): Promise<void>;
}

/** Tells a block from all others: its key has a digest of what it holds. */
export const nameOfBlock = (kind: BlockKind, key: BlockKey): string =>
  createHash('sha1')
    .update(JSON.stringify([kind, ...Object.values(key)]))
    .digest('base64');

export function createOpenBlocks(): OpenBlocks {
  const open = new Map<string, OpenBlock>();
  let openBytes = 0;

  const close = (name: string, { bytes }: OpenBlock): void => {
    open.delete(name);
    openBytes -= bytes;
  };
  const keep = (name: string, kind: BlockKind, { sliceEnd }: BlockKey, block: unknown): void => {
    const bytes = BLOCK_OVERHEAD + bytesOf(block);
    open.set(name, { block, bytes, kind, sliceEnd });
    openBytes += bytes;
    for (const [other, one] of open) {
      // No window that ends with the new one reaches it (merged blocks are each of a day, too): kept, it would only fill memory up to the limit.
      const isPast = one.kind === kind && one.sliceEnd <= sliceEnd - DAY_MS;
      if (isPast || (openBytes > MOST_BYTES && other !== name)) close(other, one);
    }
  };
  const read: OpenBlocks['read'] = async (kind, store, key) => {
    const known = open.get(nameOfBlock(kind, key));
    if (known !== undefined) return known.block as Block<typeof kind>;
    const bytes = await store.get(key);
    return bytes === undefined ? undefined : (decodeBlock(kind, bytes) as Block<typeof kind> | undefined);
  };

  return {
    read,
    async load(kind, store, key) {
      const block = await read(kind, store, key);
      const name = nameOfBlock(kind, key);
      if (block !== undefined && !open.has(name)) keep(name, kind, key, block);
      return block;
    },
    letGo(kind, key) {
      const name = nameOfBlock(kind, key);
      const known = open.get(name);
      if (known !== undefined) close(name, known);
    },
    async save(kind, store, key, block) {
      await store.put(key, encodeBlock(kind, block));
      const name = nameOfBlock(kind, key);
      if (!open.has(name)) keep(name, kind, key, block);
    },
  };
}

/** Bytes of all columns and maps, however deep. */
function bytesOf(value: unknown): number {
  if (ArrayBuffer.isView(value)) return value.byteLength;
  if (value instanceof Map) return value.size * ENTRY_BYTES;
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce((sum: number, part) => sum + bytesOf(part), 0);
}
