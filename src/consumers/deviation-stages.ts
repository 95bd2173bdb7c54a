import { shardOf } from '../operators/address.ts';
import {
  type HostPack,
  type HostStatistics,
  hostColumns,
  hostStatisticsOf,
  type KnownHosts,
  knownHostsOf,
  metadataColumns,
  type PackOptions,
  packSegments,
  segmentColumns,
} from '../operators/baseline-pack.ts';
import { type DeviationInput, deviationsOf, type FgCRows } from '../operators/deviations.ts';
import {
  joinPairs,
  type PairOwner,
  type PairPack,
  packPairs,
  pairColumns,
  splitPairs,
} from '../operators/pair-pack.ts';
import type { Table } from '../operators/table.ts';
import { type BlockKind, decodeBlock, encodeBlock } from '../state/block-codec.ts';
import { decodeParquet } from '../state/parquet.ts';
import { schemaOfFile } from '../state/parquet-file-schema.ts';
import type { BlockKey, BlockStores } from '../state/window-state.ts';
import type { PackKeys } from './baseline-plan.ts';
import type { Missing } from './lookback-stages.ts';
import { nameOfBlock } from './open-blocks.ts';

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
  /** What packs take of files of a publication, and packs, kept: the parts are put together between. */
  knownHosts(input: { metadata: readonly ReadFileBytes[]; options: PackOptions }): Promise<KnownHosts>;
  hostStatistics(input: { file: ReadFileBytes; options: PackOptions }): Promise<HostStatistics>;
  keepHosts(input: { key: BlockKey; pack: HostPack }): Promise<void>;
  packSegments(input: { segments: readonly ReadFileBytes[]; key: BlockKey; options: PackOptions }): Promise<void>;
  /** By shard of the owner. */
  pairsOf(input: { file: ReadFileBytes; owner: PairOwner; shards: number }): Promise<readonly PairPack[]>;
  keepPairs(input: { key: BlockKey; packs: readonly PairPack[]; owner: PairOwner }): Promise<void>;
}

export function createDeviationStages({ baselines }: Pick<BlockStores, 'baselines'>): DeviationStages {
  // Not kept open: read once a mini-batch, they would take what windows keep open its room.
  const read = async <K extends BlockKind>(kind: K, key: BlockKey) => {
    const bytes = await baselines.get(key);
    return bytes && decodeBlock(kind, bytes);
  };
  const readSegments = keepLast('segment_baselines', read);
  const readSegmentPairs = keepLast('pair_rarities', read);
  return {
    async deviate({ rows, packs, options }) {
      const hosts = await read('host_baselines', packs.hosts);
      const segments = await readSegments(packs.segments);
      const byHost = packs.pairs && (await read('pair_rarities', packs.pairs.hosts));
      const bySegment = packs.pairs && (await readSegmentPairs(packs.pairs.segments));
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
    async knownHosts({ metadata, options }) {
      return knownHostsOf([...tablesOf(metadata, metadataColumns(options))], options);
    },
    async hostStatistics({ file, options }) {
      return hostStatisticsOf(tableOf(file, hostColumns(options)), options);
    },
    async keepHosts({ key, pack }) {
      await baselines.put(key, encodeBlock('host_baselines', pack));
    },
    async packSegments({ segments, key, options }) {
      const pack = packSegments(tablesOf(segments, segmentColumns(options)), options);
      await baselines.put(key, encodeBlock('segment_baselines', pack));
    },
    async pairsOf({ file, owner, shards }) {
      const pack = packPairs(tableOf(file, pairColumns(owner)), owner);
      return shards === 1 ? [pack] : splitPairs(pack, shards, (host) => shardOf(host, shards));
    },
    async keepPairs({ key, packs, owner }) {
      await baselines.put(key, encodeBlock('pair_rarities', joinPairs(packs, owner)));
    },
  };
}

/** Reads again only what another key names: the packs of segments are the same for every shard. */
function keepLast<K extends BlockKind, T>(
  kind: K,
  read: (kind: K, key: BlockKey) => Promise<T | undefined>,
): (key: BlockKey) => Promise<T | undefined> {
  let last: { readonly name: string; readonly pack: T } | undefined;
  return async (key) => {
    const name = nameOfBlock(kind, key);
    if (last?.name === name) return last.pack;
    const pack = await read(kind, key);
    last = pack === undefined ? undefined : { name, pack };
    return pack;
  };
}

/** One table at a time. */
function* tablesOf(files: readonly ReadFileBytes[], columns: readonly string[]): Generator<Table> {
  for (const file of files) yield tableOf(file, columns);
}

const tableOf = ({ path, bytes }: ReadFileBytes, columns: readonly string[]): Table =>
  decodeParquet(bytes, schemaOfFile(bytes, path), { source: path, columns });
