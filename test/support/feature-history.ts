/** A history of features without the traffic behind them: FG-A and pair counts of made-up values, committed into a home. */

import { join } from 'node:path';
import { BASELINE_METRICS } from '../../src/operators/baseline-metrics.ts';
import { PAIR_COUNTS_SCHEMA } from '../../src/operators/datasets.ts';
import { FG_A_SCHEMA } from '../../src/operators/fg-a.ts';
import type { Schema, Table, Vector } from '../../src/operators/table.ts';
import { seededDice } from '../../src/simulation/seeded-dice.ts';
import { openBatchIndex } from '../../src/state/batch-index.ts';
import { commitBatch } from '../../src/state/commit.ts';
import { openDirectoryItems } from '../../src/state/items/directory.ts';
import { openDirectoryLake } from '../../src/state/lake/directory.ts';
import { encodeParquet } from '../../src/state/parquet.ts';
import { datasetFolder, datasetPrefix } from '../../src/state/publish.ts';

const SLICE = 900_000;
const PROJECT = 'default';
const VERSION = 'v1';

export interface FeatureHistory {
  /** Slice ends, epoch ms. */
  readonly sliceEnds: readonly number[];
  readonly hosts: readonly string[];
  readonly seed: number;
  /** Told apart from an earlier mini-batch of the same slice. */
  readonly suffix?: string;
}

export async function writeFeatureHistory(home: string, { sliceEnds, hosts, seed, suffix = '' }: FeatureHistory) {
  const lake = await openDirectoryLake(join(home, 'lake'));
  const index = openBatchIndex(await openDirectoryItems(join(home, 'state', 'items')));
  for (const sliceEnd of sliceEnds) {
    const dice = seededDice(seed + Math.floor(sliceEnd / SLICE));
    const miniBatchId = `${new Date(sliceEnd).toISOString().slice(0, 16).replace(/[-:]/g, '')}${suffix}`;
    const ofSlice = { miniBatchId, sliceEnd, sliceStart: sliceEnd - SLICE };
    const slice = {
      ...ofSlice,
      ...{ ts: sliceEnd, batchStart: sliceEnd - SLICE, batchEnd: sliceEnd },
      ...{ source: 'id_pattern' as const, path: `/made-up/${miniBatchId}` },
    };
    await index.settle(PROJECT, slice);
    const tables = { fg_a: featuresOf(hosts, ofSlice, dice), pair_counts: pairsOf(hosts, ofSlice, dice) };
    await commitBatch({
      ...{ lake, index, project: PROJECT, version: VERSION, slice },
      ...{ since: { revision: 0, attemptToken: '' }, attemptToken: 't', nowMs: sliceEnd },
      outputs: Object.entries(tables).map(([dataset, table]) => ({
        dataset,
        folder: datasetFolder(datasetPrefix(null, PROJECT, dataset), dataset, VERSION, slice),
        parts: [{ rows: table.length, bytes: encodeParquet(table) }],
      })),
      evidence: {
        ...{ inputs: [{ key: `${slice.path}/0`, size: 1, etag: `${seed}` }], window_inputs: [], baseline_refs: [] },
        ...{ lookback_days: {}, spec_digests: {}, code_version: 'test', dq: {}, fallbacks: {}, health: {} },
      },
    });
  }
}

type Dice = ReturnType<typeof seededDice>;
interface OfSlice {
  readonly miniBatchId: string;
  readonly sliceEnd: number;
}

const texts = (values: readonly string[]): Vector => ({ codes: Int32Array.from(values, (_, i) => i), values });

function tableOf(schema: Schema, length: number, cellsOf: (name: string) => readonly (string | number)[]): Table {
  const columns = Object.entries(schema).map(([name, { type }]): [string, Vector] => {
    const cells = cellsOf(name);
    if (type === 'string') return [name, texts(cells.map(String))];
    return [name, type === 'int32' ? Int32Array.from(cells, Number) : Float64Array.from(cells, Number)];
  });
  return { schema, length, columns: Object.fromEntries(columns) };
}

function featuresOf(hosts: readonly string[], { miniBatchId, sliceEnd }: OfSlice, dice: Dice): Table {
  const metrics = new Map(BASELINE_METRICS.map(({ name, kind }) => [name, kind]));
  const active = hosts.filter((_, h) => h === 0 || dice.chance(0.8));
  const hour = new Date(sliceEnd).getUTCHours();
  return tableOf(FG_A_SCHEMA, active.length, (name) =>
    active.map((host) => {
      const kind = metrics.get(name);
      if (kind === 'count') return dice.chance(0.4) ? 0 : dice.between(0, dice.chance(0.02) ? 5_000 : 40);
      if (kind !== undefined)
        return dice.chance(0.3) ? 0 : Math.floor(dice.fraction() * 1e6) / (kind === 'bytes' ? 1 : 1e6);
      const own: Readonly<Record<string, string | number>> = {
        host_ip: host,
        window_label: 'w_15m',
        window_start_ts: sliceEnd - SLICE,
        window_end_ts: sliceEnd,
        time_band: hour >= 7 && hour < 17 ? 'working_hours' : 'off_hours',
        record_id: `${host}|w_15m|${sliceEnd}`,
        mini_batch_id: miniBatchId,
        lookback_days: 20,
        host_age_days: 20,
        coverage_24h: 1,
      };
      return own[name] ?? (FG_A_SCHEMA[name]!.type === 'string' ? 'unused' : 0);
    }),
  );
}

function pairsOf(hosts: readonly string[], { miniBatchId, sliceEnd }: OfSlice, dice: Dice): Table {
  const pairs = hosts.flatMap((host) =>
    [1, 2, 3].map((peer) => ({
      src_ip: host,
      dst_ip: `192.0.2.${peer + dice.between(0, 3)}`,
      dst_port: 400 + peer,
      segment_id: 'unused',
      event_ts: sliceEnd,
      sessions_cnt: dice.between(1, 9),
      mini_batch_id: miniBatchId,
    })),
  );
  return tableOf(PAIR_COUNTS_SCHEMA, pairs.length, (name) => pairs.map((pair) => pair[name as keyof typeof pair]));
}
