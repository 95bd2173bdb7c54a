import { deltaSchema, PAIR_CONTEXT_SCHEMA, PAIR_COUNTS_SCHEMA } from './datasets.ts';
import { DELTA_OPERATORS, type DeltaOperator } from './delta-metrics.ts';
import { DEFAULT_DEVIATION_OPTIONS, type DeviationOptions } from './deviation-metrics.ts';
import { FG_A_SCHEMA } from './fg-a.ts';
import { FG_A_PAIR_CONTEXT_SCHEMA } from './fg-a-pairs.ts';
import { fgCSchema } from './fg-c.ts';
import type { Schema } from './table.ts';

/** What there is to know of a dataset beside its columns. */
export const DATASETS = {
  delta: { doc: 'One host, one role, one slice.', instant: 'slice_start_ts', key: ['host_ip', 'role'] },
  pair_context: {
    doc: 'One host, one role, one peer and service port, one slice.',
    instant: 'slice_start_ts',
    key: ['host_ip', 'role', 'peer_ip', 'peer_port'],
  },
  pair_counts: {
    doc: 'One source, destination and port, one slice.',
    instant: 'slice_end_ts',
    key: ['src_ip', 'dst_ip', 'dst_port'],
  },
  fg_a: { doc: 'One host, five windows, both directions.', instant: 'slice_end_ts', key: ['host_ip'] },
  fg_a_pair_context: {
    doc: 'One host, one destination and port, the window that the slice closes.',
    instant: 'slice_end_ts',
    key: ['host_ip', 'dst_ip', 'dst_port'],
  },
  fg_c: { doc: "One host, how far it is from a horizon's baseline.", instant: 'slice_end_ts', key: ['host_ip'] },
} as const satisfies Record<string, { doc: string; instant: string; key: readonly string[] }>;
export type DatasetName = keyof typeof DATASETS;

/** The columns that every dataset must have, under a spec's delta operators, its further port sets and its deviations. */
export function datasetSchemas(
  operators: readonly DeltaOperator[],
  furtherPortSets: readonly string[],
  deviation: DeviationOptions,
): Readonly<Record<DatasetName, Schema>> {
  return {
    delta: deltaSchema(operators, furtherPortSets),
    pair_context: PAIR_CONTEXT_SCHEMA,
    pair_counts: PAIR_COUNTS_SCHEMA,
    fg_a: FG_A_SCHEMA,
    fg_a_pair_context: FG_A_PAIR_CONTEXT_SCHEMA,
    // Made where it is asked for: some 1,500 columns.
    get fg_c() {
      return fgCSchema(deviation);
    },
  };
}

/** Columns that a reader takes from the path; they are in no file. */
const PARTITION_KEYS = ['feature_spec_version', 'dt', 'hh', 'mm', 'batch'];
const FG_C_PARTITION_KEYS = ['feature_spec_version', 'baseline_horizon', 'dt', 'hh', 'mm', 'batch'];

/** How the columns of a dataset depend on the specs. */
const BY_SPEC: Readonly<Partial<Record<DatasetName, string>>> = {
  delta: 'a column <set>_port_sessions_cnt, INT64, for each further port set; none of an operator left out',
  fg_c: 'a column <metric>_<transform>, DOUBLE, for each further metric and transform; lists of metrics may be others',
};

/** Type names that engines know. */
const PARQUET_TYPES: Readonly<Record<Schema[string]['type'], string>> = {
  string: 'BYTE_ARRAY (STRING)',
  int32: 'INT32',
  int64: 'INT64',
  double: 'DOUBLE',
  timestamp: 'INT64 (TIMESTAMP, microseconds, UTC)',
  'list<double>': 'LIST of DOUBLE',
  'list<timestamp>': 'LIST of INT64 (TIMESTAMP, microseconds, UTC)',
};

/**
 * The schemas of a spec version as JSON, with all delta operators, no further port sets and default deviations; one column a
 * line, so that a change of a column is a change of its line.
 */
export function renderSchemas(version: string): string {
  const schemas = datasetSchemas(DELTA_OPERATORS, [], DEFAULT_DEVIATION_OPTIONS);
  const datasets = (Object.keys(DATASETS) as DatasetName[]).map((name) => {
    const { doc, instant, key } = DATASETS[name];
    const columns = Object.entries(schemas[name]).map(
      ([column, { type, nullable }]) =>
        `{ "name": ${JSON.stringify(column)}, "type": ${JSON.stringify(PARQUET_TYPES[type])}, "nullable": ${nullable === true} }`,
    );
    const bySpec = BY_SPEC[name];
    return [
      `    ${JSON.stringify(name)}: {`,
      `      "doc": ${JSON.stringify(doc)},`,
      `      "partition_keys": ${listed(name === 'fg_c' ? FG_C_PARTITION_KEYS : PARTITION_KEYS)},`,
      `      "partition_instant": ${JSON.stringify(instant)},`,
      `      "sorted_by": ${listed(key)},`,
      ...(bySpec === undefined ? [] : [`      "by_spec": ${JSON.stringify(bySpec)},`]),
      '      "columns": [',
      columns.map((column) => `        ${column}`).join(',\n'),
      '      ]',
      '    }',
    ].join('\n');
  });
  return [
    '{',
    '  "doc": "Made by npm run docs from the tables that the program writes with; do not edit.",',
    `  "feature_spec_version": ${JSON.stringify(version)},`,
    '  "datasets": {',
    datasets.join(',\n'),
    '  }',
    '}',
    '',
  ].join('\n');
}

const listed = (names: readonly string[]): string => `[${names.map((name) => JSON.stringify(name)).join(', ')}]`;
