/** The laws that hold at the end of every history, whatever its course. */

import type { Manifest } from '../../../src/state/manifest.ts';
import { judge, type OracleMiniBatch, type OracleOutput, type OracleParameters } from '../../oracle/oracle.ts';
import { DATASETS, type DatasetName, type LakeRow, readManifests } from '../../support/committed-lake.ts';
import { agreementOf, judgedRows, KEYS } from '../../support/row-agreement.ts';
import type { Known } from './ledger.ts';
import { digestsOf, publishedRows } from './published-rows.ts';

const DAY = 86_400_000;

/**
 * Columns that look further back than the day that is published again: they stand as known when they were computed.
 * is_degraded is 0 up to the project's fourth slice, whenever that was.
 */
const AS_KNOWN = /_lookback30d_|^new_to_project_peer_cnt_|^(lookback_days|host_age_days|is_new_host|is_degraded)$/;

export const outputsOf = (parameters: OracleParameters, known: Known): OracleOutput[] =>
  judge(parameters, [...known.values()]);

/** What sets a home apart from what the judge says: every column of every dataset. */
export function judgedFaults(home: string, outputs: readonly OracleOutput[]): string[] {
  const manifests = readManifests(home);
  const ids = (list: readonly { readonly mini_batch_id: string }[]): string =>
    list.map(({ mini_batch_id: id }) => id).join(' ');
  if (ids(manifests) !== ids(outputs)) return [`mini-batches are ${ids(manifests)}, expected ${ids(outputs)}`];
  return outputs.flatMap((output, n) =>
    DATASETS.flatMap((dataset) => {
      const rows = publishedRows(home, manifests[n]!, dataset);
      const { faults } = agreementOf(dataset, judgedRows(output, dataset), rows, 'all');
      return faults.map((fault) => `${output.mini_batch_id} ${dataset}: ${fault}`);
    }),
  );
}

/** Datasets of which two homes do not have the same files. */
export function differentFiles(left: string, right: string): string[] {
  const [ours, theirs] = [readManifests(left), readManifests(right)];
  if (ours.length !== theirs.length) return [`${ours.length} mini-batches, expected ${theirs.length}`];
  return pairsOf(ours, theirs).flatMap(([own, other]) =>
    DATASETS.filter((dataset) => digestsOf(own, dataset) !== digestsOf(other, dataset)).map(
      (dataset) => `${own.mini_batch_id} ${dataset}: revision ${own.revision} has other files`,
    ),
  );
}

const pairsOf = (ours: readonly Manifest[], theirs: readonly Manifest[]): (readonly [Manifest, Manifest])[] =>
  ours.map((own, n) => [own, theirs[n]!]);

export interface AsKnown {
  readonly faults: readonly string[];
  /** Mini-batches whose rows stand as known at their commit, and differ from what they would be now. */
  readonly stale: number;
}

/**
 * Once all that was affected is published again, a home differs from one that was filled in order (`reference`, which has
 * what the judge says) in nothing but what looks further back: that stands as it was known when its row was computed, and no
 * row is older than what its windows hold.
 */
export function asKnownFaults(
  home: string,
  reference: string,
  parameters: OracleParameters,
  final: Known,
  knownAt: (id: string) => Known,
): AsKnown {
  const [ours, theirs] = [readManifests(home), readManifests(reference)];
  if (ours.length !== theirs.length) {
    return { faults: [`${ours.length} mini-batches, expected ${theirs.length}`], stale: 0 };
  }
  const outputs = new Map(outputsOf(parameters, final).map((output) => [output.mini_batch_id, output]));
  const faults: string[] = [];
  let stale = 0;
  for (const [own, other] of pairsOf(ours, theirs)) {
    const id = own.mini_batch_id;
    const different = DATASETS.filter((dataset) => digestsOf(own, dataset) !== digestsOf(other, dataset));
    if (different.length === 0) continue;
    const foreign = different.filter((dataset) => dataset !== 'fg_a');
    faults.push(...foreign.map((dataset) => `${id} ${dataset}: other files than in order`));
    if (!different.includes('fg_a')) continue;
    stale++;
    const known = outputsOf(parameters, knownAt(id));
    faults.push(...unpublished(final.get(id)!, outputs, known).map((fault) => `${id}: ${fault}`));
    const rows = publishedRows(home, own, 'fg_a');
    const inOrder = publishedRows(reference, other, 'fg_a').map((row) =>
      columnsOf('fg_a', row, (name) => !AS_KNOWN.test(name)),
    );
    const judged = known.find(({ mini_batch_id }) => mini_batch_id === id)!;
    const then = judgedRows(judged, 'fg_a').map((row) => columnsOf('fg_a', row, (name) => AS_KNOWN.test(name)));
    faults.push(
      ...agreementOf('fg_a', inOrder, rows, 'expected').faults.map((fault) => `${id} fg_a: ${fault}`),
      ...agreementOf('fg_a', then, rows, 'expected').faults.map((fault) => `${id} fg_a, as known: ${fault}`),
    );
  }
  return { faults, stale };
}

const columnsOf = (dataset: DatasetName, row: LakeRow, isWanted: (name: string) => boolean): LakeRow =>
  Object.fromEntries(Object.entries(row).filter(([name]) => KEYS[dataset].includes(name) || isWanted(name)));

/** Mini-batches in the windows of one that gave them something else when it was computed last. */
function unpublished(
  { sliceEnd, id }: OracleMiniBatch,
  now: ReadonlyMap<string, OracleOutput>,
  outputsThen: readonly OracleOutput[],
): string[] {
  const then = new Map(outputsThen.map((output) => [output.mini_batch_id, output]));
  /** What it gives to the windows; undefined where they do not hold it. */
  const givenBy = (output: OracleOutput | undefined): string | undefined => {
    if (output === undefined) return undefined;
    const { slice_end_ts: end, mini_batch_id: other, delta, pair_context } = output;
    const isWithin = end > sliceEnd - DAY && (end < sliceEnd || (end === sliceEnd && other < id));
    return isWithin ? JSON.stringify([end, delta, pair_context]) : undefined;
  };
  return [...new Set([...now.keys(), ...then.keys()])]
    .filter((other) => givenBy(now.get(other)) !== givenBy(then.get(other)))
    .map((other) => `was not published again after ${other} came, changed or moved`);
}
