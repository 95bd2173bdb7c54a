import { shardOf } from '../operators/address.ts';
import { growHostPacks, type PackOptions } from '../operators/baseline-pack.ts';
import type { PairOwner, PairPack } from '../operators/pair-pack.ts';
import { formatInstant } from '../operators/time.ts';
import { type BaselinePublication, type FgBTable, nameOfPublication } from '../state/baseline-publications.ts';
import { type Lake, NotFound } from '../state/lake.ts';
import { type ManifestFile, sha256Hex } from '../state/manifest.ts';
import { mapInOrder } from '../state/map-in-order.ts';
import type { BlockKey } from '../state/window-state.ts';
import type { PackKeys } from './baseline-plan.ts';
import type { DeviationStages, ReadFileBytes } from './deviation-stages.ts';

interface PackingDeps {
  readonly lake: Lake;
  readonly pool: DeviationStages;
  readonly parallel: number;
  readonly project: string;
  readonly options: PackOptions;
}

/** What makes each kind of pack, by the name in its key. */
export type PackMakers = Readonly<Record<string, () => Promise<void>>>;

/**
 * Makes packs from a publication's files. Of the large tables, of hosts and of their pairs, as many files are in memory at a time as
 * there are threads, beside the packs themselves.
 *
 * @param everyShard keys of the packs by shard.
 */
export function packsOf(
  publication: BaselinePublication,
  everyShard: readonly PackKeys[],
  deps: PackingDeps,
): PackMakers {
  const { lake, pool, parallel, project, options } = deps;
  const shards = everyShard.length;
  const { segments, pairs } = everyShard[0]!;
  const readAll = (table: FgBTable): Promise<ReadFileBytes[]> => eachFile(table, async (file) => file);
  const eachFile = <T>(table: FgBTable, use: (file: ReadFileBytes) => Promise<T>): Promise<T[]> =>
    mapInOrder(publication.datasets[table], parallel, async (file) =>
      use(await readFile(lake, project, publication, file)),
    );
  const keepPairs = async (table: FgBTable, owner: PairOwner, keys: readonly BlockKey[]): Promise<void> => {
    const files = await eachFile(table, (file) => pool.pairsOf({ file, owner, shards: keys.length }));
    await mapInOrder([...keys.entries()], parallel, async ([shard, key]) => {
      const packs: PairPack[] = files.map((file) => file[shard]!);
      await pool.keepPairs({ key, packs, owner });
    });
  };
  return {
    hosts: async () => {
      const known = await pool.knownHosts({ metadata: await readAll('ip_metadata'), options });
      const growing = growHostPacks(known, options, shards, (host) => shardOf(host, shards));
      await eachFile('host', async (file) => growing.add(await pool.hostStatistics({ file, options })));
      const packs = growing.finish();
      await mapInOrder([...packs.entries()], parallel, ([shard, pack]) =>
        pool.keepHosts({ key: everyShard[shard]!.hosts, pack }),
      );
    },
    segments: async () => pool.packSegments({ segments: await readAll('segment'), key: segments, options }),
    'host-pairs': () =>
      keepPairs(
        'pair/host',
        'host_ip',
        everyShard.map((keys) => keys.pairs!.hosts),
      ),
    'segment-pairs': () => keepPairs('pair/segment', 'segment_id', [pairs!.segments]),
  };
}

/**
 * Makes what is missing once for all shards that miss it at a time: one that asked before it was there only has to ask again.
 */
export function makeForAll(make: PackMakers) {
  const underWay = new Map<string, Promise<void>>();
  const timesMade = new Map<string, number>();
  const start = (what: string): Promise<void> => {
    const making = make[what]!().finally(() => underWay.delete(what));
    underWay.set(what, making);
    return making.then(() => void timesMade.set(what, (timesMade.get(what) ?? 0) + 1));
  };
  return {
    /** To be called before the shard asks. */
    asking() {
      const before = new Map(timesMade);
      return {
        async make(missing: readonly string[]): Promise<void> {
          for (const what of missing) {
            const others = underWay.get(what);
            if (others !== undefined) await others;
            else if (timesMade.get(what) === before.get(what)) await start(what);
          }
        },
      };
    },
  };
}

/** Bytes of a file of a publication, which must be those that it names. */
async function readFile(
  lake: Lake,
  project: string,
  publication: BaselinePublication,
  { path, sha256 }: ManifestFile,
): Promise<ReadFileBytes> {
  const fail = (why: string, cause?: unknown): Error =>
    new Error(
      `baselines ${nameOfPublication(publication)} of project ${project}: ${path} ${why}; remove it if it is there, and make ` +
        `them again: ${callFor(publication)}`,
      { cause },
    );
  let bytes: Uint8Array;
  try {
    bytes = await lake.read(path);
  } catch (error) {
    throw error instanceof NotFound ? fail('is missing', error) : error;
  }
  const found = sha256Hex(bytes);
  // Damaged columns may well decode, and then to other numbers: of a pack nobody would ever know.
  if (found !== sha256) throw fail(`has sha256 ${found}, the publication expects ${sha256}`);
  return { path, bytes };
}

/** The command that makes a publication. */
export const callFor = ({ horizon, ref }: BaselinePublication): string =>
  `ndr baselines --horizon ${horizon} --ref ${formatInstant(ref)}`;
