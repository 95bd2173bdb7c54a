import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  CATALOG,
  type CatalogEntry,
  catalogTable,
  type FeatureGroup,
  renderCatalog,
} from '../../src/operators/catalog.ts';
import { deltaSchema, PAIR_COUNTS_SCHEMA } from '../../src/operators/datasets.ts';
import { FG_A_SCHEMA } from '../../src/operators/fg-a.ts';
import type { Row } from '../oracle/metrics.ts';
import { judge } from '../oracle/oracle.ts';
import { ALL_OPERATORS, runHistory } from './product-run.ts';
import { FIRST_END, miniBatchOf } from './random-traffic.ts';
import { rowsOf } from './table-rows.ts';

const ofGroup = (...groups: FeatureGroup[]): readonly CatalogEntry[] =>
  CATALOG.filter(({ group }) => groups.includes(group));
const names = (entries: readonly CatalogEntry[]): string[] => entries.map(({ name }) => name);

/** Columns that say whose row it is and where it comes from: nothing to compute with. */
const KEYS = new Set([
  ...['host_ip', 'role', 'slice_start_ts', 'slice_end_ts', 'mini_batch_id', 'segment_id'],
  ...['window_label', 'window_start_ts', 'window_end_ts', 'time_band', 'record_id'],
]);
const LISTS = ['bytes_sent_quantiles', 'bytes_recv_quantiles', 'duration_quantiles'];

const miniBatch = miniBatchOf('a', FIRST_END, [
  {
    source_ip: '10.0.0.1',
    destination_ip: '10.0.0.2',
    destination_port: 443,
    event_start: FIRST_END - 5000,
    event_end: FIRST_END,
  },
]);
const [judged] = judge({}, [miniBatch]);
const [made] = runHistory({}, [miniBatch]);

describe('the catalog', () => {
  it('has as many features as there are', () => {
    expect(ofGroup('delta')).toHaveLength(31);
    expect(CATALOG.filter(({ isModelInput }) => isModelInput)).toHaveLength(485);
    expect(names(CATALOG.filter(({ isModelInput }) => isModelInput)).filter((name) => /_w_/.test(name))).toHaveLength(
      480,
    );
    expect(ofGroup('fg_a')).toHaveLength(485);
    expect(ofGroup('fg_a_behaviour')).toHaveLength(16);
    expect(ofGroup('pair_counts')).toHaveLength(6);
  });

  it('has 48 metrics in five windows and both directions', () => {
    const windows = new Map<string, number>();
    for (const name of names(ofGroup('fg_a'))) {
      const [, direction = '', window] = /^(in_)?.*_(w_\w+)$/.exec(name) ?? [];
      if (window !== undefined) windows.set(direction + window, (windows.get(direction + window) ?? 0) + 1);
    }
    const labels = ['w_15m', 'w_30m', 'w_1h', 'w_8h', 'w_24h'];
    expect(windows).toEqual(new Map([...labels, ...labels.map((label) => `in_${label}`)].map((label) => [label, 48])));
  });

  it('has every column of delta, of FG-A and of pair counts, and each once', () => {
    const columns = (schema: object): string[] => Object.keys(schema).filter((name) => !KEYS.has(name));
    const delta = columns(deltaSchema(ALL_OPERATORS, [])).filter((name) => !LISTS.includes(name));
    expect(names(ofGroup('delta')).sort()).toEqual(delta.sort());
    const features = ofGroup('fg_a', 'fg_a_behaviour', 'fg_a_context');
    expect(names(features).sort()).toEqual(columns(FG_A_SCHEMA).sort());
    const counted = Object.keys(PAIR_COUNTS_SCHEMA).filter((name) => name !== 'mini_batch_id');
    expect(names(ofGroup('pair_counts')).sort()).toEqual(counted.sort());
  });

  it('says of a column what its dataset says', () => {
    const schemas = { delta: deltaSchema(ALL_OPERATORS, []), fg_a: FG_A_SCHEMA, pair_counts: PAIR_COUNTS_SCHEMA };
    for (const { dataset, name, type, nullable } of CATALOG) {
      const column = (schemas as Record<string, typeof FG_A_SCHEMA>)[dataset]![name]!;
      expect([name, type, nullable]).toEqual([name, column.type, column.nullable === true]);
    }
  });

  // An entry without a case in the judge is one whose numbers nobody checks.
  it('lists nothing that the judge does not compute', () => {
    const cases: Readonly<Record<string, readonly Row[]>> = {
      delta: judged!.delta,
      fg_a: judged!.fg_a,
      pair_counts: judged!.pair_counts,
    };
    const untold = CATALOG.filter(({ dataset, name }) => !Object.hasOwn(cases[dataset]![0]!, name));
    expect(names(untold)).toEqual([]);
  });

  it('lists nothing that the product does not compute, and everything that the judge does', () => {
    const own = { delta: made!.delta, fg_a: made!.fg_a, pair_counts: made!.pair_counts };
    for (const dataset of ['delta', 'fg_a', 'pair_counts'] as const) {
      const listed = names(CATALOG.filter((entry) => entry.dataset === dataset));
      expect(listed.filter((name) => !Object.hasOwn(own[dataset][0]!, name))).toEqual([]);
      const judgedColumns = Object.keys(judged![dataset][0]!);
      const known = new Set([...listed, ...KEYS, ...LISTS]);
      expect(judgedColumns.filter((name) => !known.has(name))).toEqual([]);
    }
  });

  it('explains every feature', () => {
    for (const { name, formula, doc, creator, unit, group } of CATALOG) {
      for (const said of [formula, doc, creator]) {
        expect(said.trim(), name).not.toBe('');
        expect(said, name).not.toMatch(/undefined|null,|\bNaN\b|\[object|\$\{/);
      }
      expect(doc, name).toMatch(/\.$/);
      if (group !== 'pair_counts') expect(unit, name).not.toBe('');
    }
  });

  it('names a module of the project for every feature', () => {
    const source = join(import.meta.dirname, '../../src');
    for (const { creator } of CATALOG) expect(existsSync(join(source, `${creator}.ts`)), creator).toBe(true);
  });
});

describe('the catalog as a table', () => {
  const rows = rowsOf(catalogTable('v7', (dataset) => `place/of/${dataset}`));

  it('has a row a feature, numbered from 1, the inputs of the model first', () => {
    expect(rows).toHaveLength(CATALOG.length);
    const inputs = rows.filter((row) => row['model_input'] === 1).map((row) => row['feature_number']);
    expect(inputs).toEqual(Array.from({ length: 485 }, (_, n) => n + 1));
    const delta = rows.filter((row) => row['feature_group'] === 'delta').map((row) => row['feature_number']);
    expect(delta).toEqual(Array.from({ length: 31 }, (_, n) => n + 1));
    expect(new Set(rows.map((row) => row['feature_id'])).size).toBe(rows.length);
  });

  it('says where a feature lies and what it is', () => {
    expect(rows.find((row) => row['feature_name'] === 'in_deny_ratio_w_8h')).toMatchObject({
      ...{ feature_id: 'v7:fg_a:in_deny_ratio_w_8h', feature_spec_version: 'v7', data_type: 'double', nullable: 0 },
      ...{ s3_storage_path: 'place/of/fg_a', feature_group_name_offline: 'fg_a', model_input: 1, unit: 'ratio' },
      ...{ feature_group_name_online: null, default_value: null },
    });
  });

  it('is a page too, with every feature on a line of its own', () => {
    const lines = renderCatalog().split('\n');
    for (const { name } of CATALOG) {
      expect(
        lines.some((line) => line.startsWith(`| \`${name}\` |`)),
        name,
      ).toBe(true);
    }
    const cells = lines.filter((line) => line.startsWith('| `')).map((line) => line.match(/(?<!\\)\|/g)?.length);
    expect(new Set(cells)).toEqual(new Set([6]));
  });
});
