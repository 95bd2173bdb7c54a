/** Whether every value of the published baselines and deviations is what the oracle makes of the rows before them. */

import type { DuckDBConnection } from '@duckdb/node-api';
import { type Baseline, baselineOf } from '../oracle/baselines.ts';
import type { BaselineOptions, Horizon } from '../oracle/baselines-rows.ts';
import { compareRows } from '../oracle/compare.ts';
import { type DeviationOptions, deviationOf } from '../oracle/deviations.ts';
import type { OracleParameters } from '../oracle/parameters.ts';
import { SLICE } from '../oracle/quality.ts';
import { type PairTables, pairTablesOf } from '../oracle/rarity.ts';
import { HOUR } from '../oracle/times.ts';
import {
  BASELINE_KEYS,
  BASELINE_TABLES,
  type Publication,
  publicationsOf,
  readBaselineRows,
  readDeviationRows,
  wantedRows,
} from './baseline-tables.ts';
import type { LakeRow } from './committed-lake.ts';
import { beaconJudge } from './published-beacons.ts';
import { type PublishedHistory, readHistory, usedKey } from './published-history.ts';
import { type Agreement, addAgreements } from './row-agreement.ts';

/** What the specs of the home say, in the oracle's words. */
export interface BaselineExpectation {
  readonly parameters?: OracleParameters;
  readonly baseline?: Omit<BaselineOptions, 'horizon' | 'metrics' | 'headDays' | 'supportMinDays'>;
  readonly headDays?: Readonly<Record<Horizon, number>>;
  readonly supportMinDays?: Readonly<Record<Horizon, number>>;
  readonly deviation?: Omit<DeviationOptions, 'baseline'>;
  readonly effectDelayMs?: number;
  /** Epoch ms: mini-batches of slices before were committed when there was no baseline yet. */
  readonly scoredFrom?: number;
}

/** By dataset: `fg_b/host`, ..., `fg_c`. */
export type BaselineAgreement = Readonly<Record<string, Agreement>>;

interface Judged extends Publication {
  readonly options: BaselineOptions;
  readonly baseline: Baseline;
  readonly pairs: PairTables;
}

export interface JudgedHome {
  readonly history: PublishedHistory;
  readonly publications: readonly Judged[];
  readonly agreement: BaselineAgreement;
}

const NOTHING: Agreement = { faults: [], rows: 0, cells: 0 };

export async function judgeBaselines(
  reader: DuckDBConnection,
  home: string,
  expectation: BaselineExpectation = {},
): Promise<JudgedHome> {
  const history = await readHistory(reader, home, expectation.parameters);
  const publications = publicationsOf(home).map((publication): Judged => {
    const { horizon, ref } = publication;
    const { headDays, supportMinDays, parameters } = expectation;
    const options: BaselineOptions = {
      ...expectation.baseline,
      horizon,
      metrics: history.metrics,
      ...(headDays === undefined ? {} : { headDays: headDays[horizon] }),
      ...(supportMinDays === undefined ? {} : { supportMinDays: supportMinDays[horizon] }),
      ...(parameters?.minDays === undefined ? {} : { minDays: parameters.minDays }),
      ...(parameters?.calendar === undefined ? {} : { calendar: parameters.calendar }),
    };
    return {
      ...publication,
      options,
      baseline: baselineOf(history.rows, ref, options),
      pairs: pairTablesOf(history.pairCounts, ref, options),
    };
  });
  const agreement: Record<string, Agreement> = {};
  for (const publication of publications)
    for (const table of BASELINE_TABLES) {
      const { baseline, pairs, horizon, ref } = publication;
      const wanted = wantedRows(baseline, pairs, table);
      const found = await readBaselineRows(reader, home, publication, table);
      const bands = publication.options.byTimeBand === true && !table.startsWith('pair') ? ['time_band'] : [];
      const keys = [...BASELINE_KEYS[table], ...bands];
      const own = agreementOf(`${horizon} ${new Date(ref).toISOString()}`, wanted, found, keys);
      const name = `fg_b/${table}`;
      agreement[name] = addAgreements(agreement[name] ?? NOTHING, own);
    }
  agreement['fg_c'] = await judgeDeviations(reader, home, history, publications, expectation);
  return { history, publications, agreement };
}

async function judgeDeviations(
  reader: DuckDBConnection,
  home: string,
  history: PublishedHistory,
  publications: readonly Judged[],
  {
    parameters = {},
    deviation = {},
    effectDelayMs = 6 * HOUR,
    scoredFrom = Number.NEGATIVE_INFINITY,
  }: BaselineExpectation,
): Promise<Agreement> {
  const judgeBeacons = beaconJudge(history, parameters);
  let agreement = NOTHING;
  for (const { mini_batch_id: id, slice, datasets } of history.manifests) {
    const instant = Date.parse(slice.slice_end_ts);
    const published = await readDeviationRows(reader, home, datasets['fg_c']?.files.map(({ path }) => path) ?? []);
    for (const horizon of ['7d', '30d'] as const) {
      const found = published.filter((row) => row['baseline_horizon'] === horizon);
      const used =
        instant < scoredFrom
          ? undefined
          : publications.findLast((own) => own.horizon === horizon && own.ref <= instant - effectDelayMs);
      const rows = used === undefined ? [] : history.rows.filter(({ miniBatchId }) => miniBatchId === id);
      const wanted = rows.map((row): LakeRow => {
        const { baseline, pairs, options } = used!;
        const ownPairs = history.usedPairs.get(usedKey(id, row.host)) ?? [];
        const end = new Date(row.sliceEnd).toISOString().replace('.000Z', 'Z');
        return {
          host_ip: row.host,
          window_label: 'w_15m',
          window_start_ts: row.sliceEnd - SLICE,
          window_end_ts: row.sliceEnd,
          segment_id: row.segment,
          time_band: row.timeBand,
          mini_batch_id: id,
          record_id: `${row.host}|w_15m|${end}|${horizon}`,
          baseline_horizon: horizon,
          baseline_start_ts: baseline.start,
          baseline_end_ts: baseline.end,
          ...deviationOf(row, baseline, pairs, ownPairs, { ...deviation, baseline: options }),
          ...judgeBeacons(row),
        };
      });
      agreement = addAgreements(agreement, agreementOf(`fg_c ${id} ${horizon}`, wanted, found, ['host_ip']));
    }
  }
  return agreement;
}

function agreementOf(
  name: string,
  wanted: readonly LakeRow[],
  found: readonly LakeRow[],
  keys: readonly string[],
): Agreement {
  const known = new Set(Object.keys(wanted[0] ?? {}));
  const strangers = wanted.length === 0 ? [] : Object.keys(found[0] ?? {}).filter((column) => !known.has(column));
  const faults = [
    // What is 0 but for the last bits of a median has no digits of its own.
    ...compareRows(wanted, found, keys, 1e-9, 1),
    ...strangers.map((column) => `column ${column} is not expected`),
  ];
  return {
    faults: faults.map((fault) => `${name}: ${fault}`),
    rows: wanted.length,
    cells: wanted.reduce((sum, row) => sum + Object.keys(row).length, 0),
  };
}
