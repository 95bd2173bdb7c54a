import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  hostBaselineSchema,
  ipMetadataSchema,
  PAIR_HOST_SCHEMA,
  PAIR_SEGMENT_SCHEMA,
  PUBLICATION_METADATA_SCHEMA,
  segmentBaselineSchema,
} from '../../src/operators/baseline-datasets.ts';
import { BASELINE_METRICS } from '../../src/operators/baseline-metrics.ts';
import { CATALOG, catalogTable, renderCatalog } from '../../src/operators/catalog.ts';
import type { CatalogEntry, FeatureGroup } from '../../src/operators/catalog-entry.ts';
import { datasetSchemas } from '../../src/operators/dataset-schemas.ts';
import { deltaSchema, PAIR_COUNTS_SCHEMA } from '../../src/operators/datasets.ts';
import { DELTA_OPERATORS } from '../../src/operators/delta-metrics.ts';
import { DEFAULT_DEVIATION_OPTIONS, TRANSFORM_NAMES } from '../../src/operators/deviation-metrics.ts';
import { FG_A_SCHEMA } from '../../src/operators/fg-a.ts';
import { fgCSchema } from '../../src/operators/fg-c.ts';
import { fgCFeatures } from '../../src/operators/fg-c-features.ts';
import { WINDOW_FEATURES } from '../../src/operators/metrics.ts';
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
    expect(ofGroup('fg_a')).toHaveLength(485);
    expect(names(ofGroup('fg_a')).filter((name) => /_w_/.test(name))).toHaveLength(480);
    expect(ofGroup('fg_a_behaviour')).toHaveLength(16);
    expect(ofGroup('pair_counts')).toHaveLength(6);
    expect(ofGroup('fg_b_host')).toHaveLength(4320);
    expect(ofGroup('fg_b_segment')).toHaveLength(4320);
    expect(ofGroup('fg_b_host_behaviour')).toHaveLength(16 * 9);
    expect(ofGroup('fg_b_segment_behaviour')).toHaveLength(16 * 9);
    expect(ofGroup('pair_rarity')).toHaveLength(7);
    expect(ofGroup('fg_c')).toHaveLength(1320);
    expect(ofGroup('fg_c_suspicion')).toHaveLength(24);
    expect(ofGroup('fg_c_behaviour')).toHaveLength(88);
    expect(ofGroup('fg_c_score')).toHaveLength(4);
    expect(ofGroup('fg_c_beacon')).toHaveLength(9);
    expect(ofGroup('fg_c_pair')).toHaveLength(11);
    expect(ofGroup('fg_c_context')).toHaveLength(2);
  });

  it("has the model's inputs: 485 of FG-A and 1,320 of FG-C", () => {
    const inputs = CATALOG.filter(({ isModelInput }) => isModelInput);
    expect(inputs).toHaveLength(485 + 1320);
    expect(new Set(inputs.map(({ group }) => group))).toEqual(new Set(['fg_a', 'fg_c']));
  });

  it('has 3,360 deviations with all transforms of all metrics, and 1,440 of all metrics', () => {
    const metrics = WINDOW_FEATURES.map(({ name }) => name);
    const deviations = (transforms: typeof TRANSFORM_NAMES): number =>
      fgCFeatures({ ...DEFAULT_DEVIATION_OPTIONS, metrics, transforms }).filter(({ group }) => group === 'fg_c').length;
    expect(deviations(TRANSFORM_NAMES)).toBe(3360);
    expect(deviations(DEFAULT_DEVIATION_OPTIONS.transforms)).toBe(1440);
    expect(renderCatalog()).toMatch(/1440 features in these transforms, 3360 in all 7/);
  });

  it('assigns every behaviour to one of seven families', () => {
    const families = new Map<string, number>();
    for (const { family } of ofGroup('fg_c_behaviour')) families.set(family, (families.get(family) ?? 0) + 1);
    expect(Object.fromEntries(families)).toEqual({
      ...{ fan_out_internal: 12, fan_out_external: 8, volume: 20, deny_scan: 20 },
      ...{ novelty: 8, services: 8, inbound: 12 },
    });
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

  it('has every column of FG-B and FG-C, and each once', () => {
    const joinKeys = ['host_ip', 'window_label'];
    const metrics = BASELINE_METRICS.map(({ name }) => name);
    const statistics = (schema: object, others: readonly string[]): string[] =>
      Object.keys(schema).filter((name) => !KEYS.has(name) && !others.includes(name));
    const host = names(ofGroup('fg_b_host', 'fg_b_host_behaviour')).sort();
    expect(host).toEqual(statistics(hostBaselineSchema(joinKeys, metrics), []).sort());
    const segment = names(ofGroup('fg_b_segment', 'fg_b_segment_behaviour')).sort();
    const segmentColumns = segmentBaselineSchema(joinKeys, metrics);
    expect(segment).toEqual(statistics(segmentColumns, ['hosts_count', 'sample_rate']).sort());
    for (const schema of [PAIR_HOST_SCHEMA, PAIR_SEGMENT_SCHEMA]) {
      expect(names(ofGroup('pair_rarity'))).toEqual(statistics(schema, ['dst_ip', 'dst_port']));
    }
    const deviations = names(CATALOG.filter(({ dataset }) => dataset === 'fg_c'));
    const span = ['baseline_start_ts', 'baseline_end_ts'];
    expect(deviations).toEqual(statistics(fgCSchema(DEFAULT_DEVIATION_OPTIONS), span));
    expect(new Set(deviations).size).toBe(deviations.length);
  });

  it('says of a column what its dataset says', () => {
    const metrics = BASELINE_METRICS.map(({ name }) => name);
    const schemas = {
      ...{ delta: deltaSchema(ALL_OPERATORS, []), fg_a: FG_A_SCHEMA, pair_counts: PAIR_COUNTS_SCHEMA },
      ...{ 'fg_b/host': hostBaselineSchema([], metrics), 'fg_b/segment': segmentBaselineSchema([], metrics) },
      ...{ 'fg_b/pair/host': PAIR_HOST_SCHEMA, fg_c: fgCSchema(DEFAULT_DEVIATION_OPTIONS) },
    };
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
    // Baselines and deviations have a judge of their own.
    const judgedHere = CATALOG.filter(({ dataset }) => Object.hasOwn(cases, dataset));
    const untold = judgedHere.filter(({ dataset, name }) => !Object.hasOwn(cases[dataset]![0]!, name));
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

  it('counts in every column that ends in _cnt, and takes nothing for a share that only sounds like one', () => {
    const counts = ofGroup('delta', 'fg_a', 'fg_a_behaviour', 'pair_counts').filter(({ name }) =>
      /_cnt(_lookback30d)?(_w_(15m|30m|1h|8h|24h))?$/.test(name),
    );
    expect(counts.length).toBeGreaterThan(200);
    expect(counts.filter(({ unit }) => unit !== 'count').map(({ name, unit }) => [name, unit])).toEqual([]);
    const unitsOf = (name: string) => CATALOG.find((entry) => entry.name === name)?.unit;
    expect(
      ['deny_ratio_w_15m', 'new_peer_ratio_lookback30d_w_1h', 'peer_ip_top1_bytes_share_w_8h'].map(unitsOf),
    ).toEqual(['ratio', 'ratio', 'ratio']);
  });

  it('says by which factors a pair is taken for a beacon', () => {
    const formulaNamed = (name: string) => CATALOG.find((entry) => entry.name === name)?.formula;
    const prior = formulaNamed('beacon_prior');
    for (const said of [
      '0.2 if',
      '0.5 if',
      '0.4 if',
      '0.3 if',
      '0.85 if',
      '1.15 if',
      '53, 67, 68',
      '22, 23, 445, 3389',
      '4000',
    ])
      expect(prior).toContain(said);
    for (const said of ['regularity =', 'size =', 'hours =', '0.694', '/ 12', '8 starts'])
      expect(formulaNamed('beacon_cadence')).toContain(said);
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
    expect(inputs).toEqual(Array.from({ length: 1805 }, (_, n) => n + 1));
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

  it('is a page too, with every feature on a line of its own but statistics, which stand there once', () => {
    const [features = '', context = ''] = renderCatalog().split('## Keys and context');
    const lines = features.split('\n');
    const told = new Set(lines.map((line) => line.split(' ', 2)[1]));
    const untold = CATALOG.filter(({ name, group }) => !group.startsWith('fg_b_') && !told.has(`\`${name}\``));
    expect(names(untold)).toEqual([]);
    expect(lines.filter((line) => line.startsWith('| cold_start_flag |'))).toHaveLength(4);
    const cells = lines.filter((line) => line.startsWith('| `')).map((line) => line.match(/(?<!\\)\|/g)?.length);
    expect(new Set(cells)).toEqual(new Set([6]));
    expect(context).not.toBe('');
  });

  it('has every column of every dataset, as a feature or among keys and context, with what the schema says', () => {
    const [, context = ''] = renderCatalog().split('## Keys and context');
    const sections = new Map(
      context
        .split(/^### /m)
        .slice(1)
        .map((section) => [section.slice(0, section.indexOf('\n')), section]),
    );
    const joinKeys = ['host_ip', 'window_label', 'segment_id', 'time_band'];
    const metrics = BASELINE_METRICS.map(({ name }) => name);
    const schemas = {
      ...datasetSchemas(DELTA_OPERATORS, [], DEFAULT_DEVIATION_OPTIONS),
      'fg_b/host': hostBaselineSchema(joinKeys, metrics),
      'fg_b/segment': segmentBaselineSchema(joinKeys, metrics),
      'fg_b/ip_metadata': ipMetadataSchema(joinKeys),
      'fg_b/pair/host': PAIR_HOST_SCHEMA,
      'fg_b/pair/segment': PAIR_SEGMENT_SCHEMA,
      'fg_b/publication_metadata': PUBLICATION_METADATA_SCHEMA,
    };
    expect([...sections.keys()]).toEqual(Object.keys(schemas));
    for (const [dataset, schema] of Object.entries(schemas)) {
      const listed = new Set(
        CATALOG.filter((entry) => entry.dataset === dataset.replace('pair/segment', 'pair/host')).map(
          ({ name }) => name,
        ),
      );
      const untold = Object.entries(schema).filter(
        ([name, { type, doc, nullable }]) =>
          !listed.has(name) &&
          !sections
            .get(dataset)
            ?.includes(
              `| \`${name}\` | \`${type}\` | ${nullable ? 'possible' : 'never'} | ${doc.replaceAll('|', '\\|')} |`,
            ),
      );
      expect(untold.map(([name]) => `${dataset}: ${name}`)).toEqual([]);
    }
  });
});
