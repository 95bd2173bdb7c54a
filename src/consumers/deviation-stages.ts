import { fnv1a } from '../operators/address.ts';
import {
  hostColumns,
  metadataColumns,
  type PackOptions,
  packHosts,
  packSegments,
  segmentColumns,
  splitHosts,
} from '../operators/baseline-pack.ts';
import { type DeviationInput, deviationsOf, type FgCRows } from '../operators/deviations.ts';
import { type PairOwner, packPairs, pairColumns, splitPairs } from '../operators/pair-pack.ts';
import type { Table } from '../operators/table.ts';
import { type BlockKind, decodeBlock, encodeBlock } from '../state/block-codec.ts';
import { decodeParquet } from '../state/parquet.ts';
import { schemaOfFile } from '../state/parquet-file-schema.ts';
import type { BlockKey, BlockStores } from '../state/window-state.ts';
import type { PackKeys } from './baseline-plan.ts';
import type { Missing } from './lookback-stages.ts';

/** A file of the lake, read. */
export interface ReadFileBytes {
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface DeviatedRows {
  readonly is: 'deviated';
  readonly rows: FgCRows;
}

/** The part of the stages that compares hosts with their baselines. */
export interface DeviationStages {
  deviate(input: {
    shard: number;
    rows: DeviationInput;
    packs: PackKeys;
    options: PackOptions;
  }): Promise<DeviatedRows | Missing>;
  /** Keeps what deviations read of a publication's hosts, each shard by itself. */
  packHosts(input: {
    hosts: readonly ReadFileBytes[];
    metadata: readonly ReadFileBytes[];
    /** By shard. */
    keys: readonly BlockKey[];
    options: PackOptions;
  }): Promise<void>;
  packSegments(input: { segments: readonly ReadFileBytes[]; key: BlockKey; options: PackOptions }): Promise<void>;
  /** `keys`: by shard; one for the segments of all. */
  packPairs(input: { pairs: readonly ReadFileBytes[]; owner: PairOwner; keys: readonly BlockKey[] }): Promise<void>;
}

export function createDeviationStages({ baselines }: Pick<BlockStores, 'baselines'>): DeviationStages {
  // Not kept open: read once a mini-batch, they would take what windows keep open its room.
  const read = async <K extends BlockKind>(kind: K, key: BlockKey) => {
    const bytes = await baselines.get(key);
    return bytes && decodeBlock(kind, bytes);
  };
  return {
    async deviate({ rows, packs, options }) {
      const hosts = await read('host_baselines', packs.hosts);
      const segments = await read('segment_baselines', packs.segments);
      const byHost = packs.pairs && (await read('pair_rarities', packs.pairs.hosts));
      const bySegment = packs.pairs && (await read('pair_rarities', packs.pairs.segments));
      const isMissingPairs = packs.pairs !== undefined && (byHost === undefined || bySegment === undefined);
      if (hosts === undefined || segments === undefined || isMissingPairs) {
        const keys = [
          ...(hosts === undefined ? [packs.hosts] : []),
          ...(segments === undefined ? [packs.segments] : []),
          ...(packs.pairs !== undefined && byHost === undefined ? [packs.pairs.hosts] : []),
          ...(packs.pairs !== undefined && bySegment === undefined ? [packs.pairs.segments] : []),
        ];
        return { is: 'missing', keys };
      }
      const pairs = byHost && bySegment && { byHost, bySegment };
      return { is: 'deviated', rows: deviationsOf(rows, { hosts, segments, pairs }, options) };
    },
    async packHosts({ hosts, metadata, keys, options }) {
      const tables = tablesOf(hosts, hostColumns(options));
      const pack = packHosts(tables, [...tablesOf(metadata, metadataColumns(options))], options);
      const packs = splitHosts(pack, keys.length, (host) => fnv1a(host) % keys.length);
      for (const [shard, key] of keys.entries()) await baselines.put(key, encodeBlock('host_baselines', packs[shard]!));
    },
    async packSegments({ segments, key, options }) {
      const pack = packSegments(tablesOf(segments, segmentColumns(options)), options);
      await baselines.put(key, encodeBlock('segment_baselines', pack));
    },
    async packPairs({ pairs, owner, keys }) {
      const pack = packPairs(tablesOf(pairs, pairColumns(owner)), owner);
      const packs = keys.length === 1 ? [pack] : splitPairs(pack, keys.length, (host) => fnv1a(host) % keys.length);
      for (const [shard, key] of keys.entries()) await baselines.put(key, encodeBlock('pair_rarities', packs[shard]!));
    },
  };
}

/** One table at a time: those of a hundred thousand hosts would not fit side by side. */
function* tablesOf(files: readonly ReadFileBytes[], columns: readonly string[]): Generator<Table> {
  for (const { path, bytes } of files) yield decodeParquet(bytes, schemaOfFile(bytes, path), { source: path, columns });
}
