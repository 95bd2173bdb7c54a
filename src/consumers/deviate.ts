import type { BatchSpec } from '../config/batch-spec.ts';
import { textOf } from '../operators/address-book.ts';
import { segmentIdsOf } from '../operators/address-facts.ts';
import type { Horizon } from '../operators/baseline-metrics.ts';
import type { BeaconRows } from '../operators/beacon-rows.ts';
import { metricsReadBy } from '../operators/deviation-metrics.ts';
import type { DeviationInput, FgCRows } from '../operators/deviations.ts';
import { DAY_MS } from '../operators/past-rows.ts';
import { formatInstant } from '../operators/time.ts';
import { type BaselinePublication, type FgBTable, nameOfPublication } from '../state/baseline-publications.ts';
import { type Lake, NotFound } from '../state/lake.ts';
import { type ManifestFile, sha256Hex } from '../state/manifest.ts';
import { mapInOrder } from '../state/map-in-order.ts';
import { packKeysOf, packVersionOf } from './baseline-plan.ts';
import type { DeviatedRows, ReadFileBytes } from './deviation-stages.ts';
import type { EmitSources } from './emit.ts';
import type { Missing } from './lookback-stages.ts';
import type { EmittedRows } from './stages.ts';

/**
 * Packs that are kept behind the publication in use, for mini-batches that come up to two days late: those of the one before,
 * which is a day older, or a week.
 */
const KEPT_BEHIND_MS: Readonly<Record<Horizon, number>> = { '7d': 3 * DAY_MS, '30d': 9 * DAY_MS };
/** Another process may let go of packs of an old publication while they are read. */
const TRIES = 3;

/** Compares the hosts of every shard with a publication. Packs that are missing are made from its files. */
export async function deviateFrom(
  { deps, spec }: Pick<EmitSources, 'deps' | 'spec'> & { readonly deps: { readonly parallel: number } },
  publication: BaselinePublication,
  emitted: readonly EmittedRows[],
  beacons: readonly BeaconRows[],
  timeBand: DeviationInput['timeBand'],
): Promise<FgCRows[]> {
  const { shards, pool, lake, stores, parallel } = deps;
  checkHolds(publication, spec);
  const options = { ...spec.deviation, joinKeys: publication.joinKeys };
  const keysOf = (shard: number) => packKeysOf(publication, spec, { shard, shards });
  const everyShard = Array.from({ length: shards }, (_, shard) => keysOf(shard));

  const read = async (table: FgBTable): Promise<ReadFileBytes[]> => {
    const files: ReadFileBytes[] = [];
    for (const file of publication.datasets[table]) files.push(await readFile(lake, spec.project, publication, file));
    return files;
  };
  const make: Readonly<Record<string, () => Promise<void>>> = {
    hosts: async () => {
      const keys = everyShard.map(({ hosts }) => hosts);
      await pool.packHosts({ hosts: await read('host'), metadata: await read('ip_metadata'), keys, options });
    },
    segments: async () => pool.packSegments({ segments: await read('segment'), key: keysOf(0).segments, options }),
    'host-pairs': async () => {
      const keys = everyShard.map(({ pairs }) => pairs!.hosts);
      await pool.packPairs({ pairs: await read('pair/host'), owner: 'host_ip', keys });
    },
    'segment-pairs': async () => {
      const keys = [keysOf(0).pairs!.segments];
      await pool.packPairs({ pairs: await read('pair/segment'), owner: 'segment_id', keys });
    },
  };
  const putBack = makeForAll(make);
  const deviate = async (shard: number): Promise<FgCRows> => {
    const input = { shard, rows: rowsOf(emitted[shard]!, beacons[shard]!, timeBand), packs: keysOf(shard), options };
    let missing: readonly string[] = [];
    for (let attempt = 0; attempt <= TRIES; attempt++) {
      const asked = putBack.asking();
      const answer: DeviatedRows | Missing = await pool.deviate(input);
      if (answer.is === 'deviated') return answer.rows;
      missing = answer.keys.map(({ miniBatchId }) => miniBatchId);
      if (attempt < TRIES) await asked.make(missing);
    }
    throw new Error(
      `baselines ${nameOfPublication(publication)} of project ${spec.project}: what was packed of them ` +
        `(${missing.join(', ')}) cannot be read back; is the disk of the home full?`,
    );
  };
  const rows = await mapInOrder([...emitted.keys()], parallel, deviate);
  await stores.baselines.prune(
    spec.project,
    packVersionOf(spec, publication),
    publication.ref - KEPT_BEHIND_MS[publication.horizon],
  );
  return rows;
}

/**
 * Makes what is missing once for all shards that miss it at a time: one that asked before it was there only has to ask again.
 */
function makeForAll(make: Readonly<Record<string, () => Promise<void>>>) {
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

/** Says what is wrong before thousands of columns, or a table, are found missing one by one. */
function checkHolds(publication: BaselinePublication, { project, featureSpecVersion, deviation }: BatchSpec): void {
  const made = new Set(publication.metrics);
  const lacking = metricsReadBy(deviation).filter((metric) => !made.has(metric));
  const faults = [
    ...(lacking.length > 0 ? [`${lacking.length} metrics, ${lacking[0]} the first`] : []),
    ...(deviation.pairCountsEnabled && !publication.pairCounts ? ['pair tables (pair_counts.enabled)'] : []),
  ];
  if (faults.length === 0) return;
  throw new Error(
    `baselines ${nameOfPublication(publication)} of project ${project} were made without ${faults.join(' and ')}, which ` +
      `fg_c_builder#${featureSpecVersion} asks for; make them again: ${callFor(publication)}`,
  );
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

const callFor = ({ horizon, ref }: BaselinePublication): string =>
  `ndr baselines --horizon ${horizon} --ref ${formatInstant(ref)}`;

function rowsOf(
  { windows, pairs }: EmittedRows,
  beacons: BeaconRows,
  timeBand: DeviationInput['timeBand'],
): DeviationInput {
  const { addresses, facts, segmentMapping, hosts, features } = windows;
  const segmentOf = segmentIdsOf(addresses, facts, segmentMapping);
  return {
    hosts: Array.from(hosts, (id) => textOf(addresses, id)),
    segmentIds: Array.from(hosts, (id) => segmentOf(facts.segment[id]!)),
    features,
    pairs,
    beacons,
    timeBand,
  };
}
