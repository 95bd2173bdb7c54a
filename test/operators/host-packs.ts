import {
  growHostPacks,
  type HostPack,
  hostStatisticsOf,
  knownHostsOf,
  type PackOptions,
} from '../../src/operators/baseline-pack.ts';
import type { Table } from '../../src/operators/table.ts';

/** Packs of a publication's host tables, of one shard by default. */
export function hostPacksOf(
  statistics: readonly Table[],
  metadata: readonly Table[],
  options: PackOptions,
  shards = 1,
  shardOf: (hostIp: string) => number = () => 0,
): HostPack[] {
  const growing = growHostPacks(knownHostsOf(metadata, options), options, shards, shardOf);
  for (const table of statistics) growing.add(hostStatisticsOf(table, options));
  return growing.finish();
}
