import type { BatchSpec } from '../config/batch-spec.ts';
import { textOf } from '../operators/address-book.ts';
import { segmentIdsOf } from '../operators/address-facts.ts';
import type { Horizon } from '../operators/baseline-metrics.ts';
import type { BeaconRows } from '../operators/beacon-rows.ts';
import { metricsReadBy } from '../operators/deviation-metrics.ts';
import type { DeviationInput, FgCRows } from '../operators/deviations.ts';
import { DAY_MS } from '../operators/time.ts';
import { type BaselinePublication, nameOfPublication } from '../state/baseline-publications.ts';
import { mapInOrder } from '../state/map-in-order.ts';
import { packKeysOf, packVersionOf } from './baseline-plan.ts';
import type { DeviatedRows } from './deviation-stages.ts';
import type { EmitSources } from './emit.ts';
import type { Missing } from './lookback-stages.ts';
import { callFor, makeForAll, packsOf } from './pack-baselines.ts';
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
  const everyShard = Array.from({ length: shards }, (_, shard) => packKeysOf(publication, spec, { shard, shards }));
  const putBack = makeForAll(
    packsOf(publication, everyShard, { lake, pool, parallel, project: spec.project, options }),
  );
  const deviate = async (shard: number): Promise<FgCRows> => {
    const rows = rowsOf(emitted[shard]!, beacons[shard]!, timeBand);
    const input = { shard, rows, packs: everyShard[shard]!, options };
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
