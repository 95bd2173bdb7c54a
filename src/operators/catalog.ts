import { BASELINE_CATALOG, STATISTIC_FORMULAS } from './baseline-catalog.ts';
import { CALENDAR_FEATURES } from './calendar.ts';
import type { CatalogEntry, FeatureGroup } from './catalog-entry.ts';
import { contextColumns } from './context-columns.ts';
import { PAIR_COUNTS_SCHEMA } from './datasets.ts';
import { DELTA_METRICS, formulaOf } from './delta-metrics.ts';
import { DEFAULT_TRANSFORMS, TRANSFORM_NAMES } from './deviation-metrics.ts';
import { AGE_FEATURES } from './fg-a.ts';
import { HEALTH_FEATURES } from './health.ts';
import { BEHAVIOUR_FEATURES, unitOf, WINDOW_FEATURES } from './metrics.ts';
import type { Schema, Table, TextVector } from './table.ts';

const PAIR_COUNT_FORMULAS: Readonly<Record<string, string>> = {
  src_ip: 'source_ip of the session',
  dst_ip: 'destination_ip of the session',
  dst_port: 'destination_port of the session, above 0',
  segment_id: 'segment of src_ip',
  event_ts: 'slice_end_ts',
  sessions_cnt: 'sum(repeat_count of the TRAFFIC sessions, ICMP left out)',
};

const inFgA = (
  group: FeatureGroup,
  features: Readonly<Record<string, { readonly formula: string; readonly doc: string }>>,
  isModelInput: boolean,
  family: string,
): CatalogEntry[] =>
  Object.entries(features).map(([name, { formula, doc }]) => ({
    group,
    name,
    formula,
    doc,
    type: name === 'coverage_24h' ? 'double' : 'int32',
    unit: /^(is|has)_/.test(name)
      ? 'flag'
      : name.endsWith('_days')
        ? 'days'
        : name === 'hour_of_day'
          ? 'hours'
          : 'ratio',
    nullable: false,
    dataset: 'fg_a',
    creator: 'operators/fg-a',
    upstream: [],
    isModelInput,
    family,
  }));

/** Every feature of the groups that are built, in the order of their columns. */
export const CATALOG: readonly CatalogEntry[] = [
  ...DELTA_METRICS.map(
    (metric): CatalogEntry => ({
      group: 'delta',
      name: metric.name,
      formula: formulaOf(metric),
      doc: metric.doc,
      type: metric.type,
      unit: unitOf(metric.name),
      nullable: false,
      dataset: 'delta',
      creator: 'operators/delta',
      upstream: ['raw logs'],
      isModelInput: false,
      family: metric.operator,
    }),
  ),
  ...WINDOW_FEATURES.map(
    (feature): CatalogEntry => ({
      group: 'fg_a',
      name: feature.name,
      formula: feature.formula,
      doc: feature.doc,
      type: 'double',
      unit: feature.unit,
      nullable: false,
      dataset: 'fg_a',
      creator: 'operators/windows',
      upstream: ['delta', 'pair_context'],
      isModelInput: true,
      family: feature.family,
    }),
  ),
  ...inFgA('fg_a', CALENDAR_FEATURES, true, 'calendar'),
  ...BEHAVIOUR_FEATURES.map(
    (feature): CatalogEntry => ({
      group: 'fg_a_behaviour',
      name: feature.name,
      formula: feature.formula,
      doc: feature.doc,
      type: 'double',
      unit: feature.unit,
      nullable: false,
      dataset: 'fg_a',
      creator: 'operators/windows',
      upstream: ['pair_context'],
      isModelInput: false,
      family: 'behaviour',
    }),
  ),
  ...inFgA('fg_a_context', AGE_FEATURES, false, 'age'),
  ...inFgA('fg_a_context', HEALTH_FEATURES, false, 'data_health'),
  ...Object.entries(PAIR_COUNTS_SCHEMA as Schema)
    .filter(([name]) => name !== 'mini_batch_id')
    .map(
      ([name, { type, doc, nullable }]): CatalogEntry => ({
        group: 'pair_counts',
        name,
        formula: PAIR_COUNT_FORMULAS[name]!,
        doc,
        type,
        unit: name === 'sessions_cnt' ? 'count' : '',
        nullable: nullable === true,
        dataset: 'pair_counts',
        creator: 'operators/pair-counts',
        upstream: ['raw logs'],
        isModelInput: false,
        family: 'pair_counts',
      }),
    ),
  ...BASELINE_CATALOG,
];

const GROUP_TITLES: Readonly<Record<FeatureGroup, string>> = {
  delta: 'Delta: one host, one role, one slice',
  fg_a: 'FG-A: one host, five windows, both directions',
  fg_a_behaviour: 'FG-A behaviours: outbound, 1 h and 24 h',
  fg_a_context: 'FG-A context: ages and data health',
  pair_counts: 'Pair counts',
  fg_b_host: 'FG-B of hosts: nine statistics of each metric, per horizon',
  fg_b_host_behaviour: 'FG-B of hosts: nine statistics of each behaviour of FG-A',
  fg_b_segment: 'FG-B of segments and the whole project: the same',
  fg_b_segment_behaviour: 'FG-B of segments and the whole project: the same of behaviours',
  pair_rarity: 'Pair rarity: one host or segment, one destination and port, per horizon',
  fg_c: 'FG-C: deviation of each curated metric, per horizon',
  fg_c_suspicion: 'FG-C suspicion',
  fg_c_behaviour: "FG-C behaviours: b_ against the chosen baseline, bs_ against the segment's",
  fg_c_score: 'FG-C scores',
  fg_c_beacon: 'FG-C beaconing',
  fg_c_pair: "FG-C pairs: the rarest pair of the row's slice",
  fg_c_context: 'FG-C context',
};

/** What is to be said of a group before its features. */
const GROUP_NOTES: Readonly<Partial<Record<FeatureGroup, string>>> = {
  fg_c: `440 metrics in ${DEFAULT_TRANSFORMS.length} transforms by default; the spec adds metrics and transforms. Not curated, FG-C has ${WINDOW_FEATURES.length} metrics: ${WINDOW_FEATURES.length * DEFAULT_TRANSFORMS.length} features in these transforms, ${WINDOW_FEATURES.length * TRANSFORM_NAMES.length} in all ${TRANSFORM_NAMES.length} (${TRANSFORM_NAMES.join(', ')}).`,
};

/** Groups that are a list of statistics times metrics that stand on the page already. */
const STATISTIC_GROUPS: ReadonlySet<FeatureGroup> = new Set([
  ...(['fg_b_host', 'fg_b_host_behaviour', 'fg_b_segment', 'fg_b_segment_behaviour'] as const),
]);

/** The catalog as a Markdown page. */
export function renderCatalog(): string {
  const groups = Object.keys(GROUP_TITLES) as FeatureGroup[];
  const sections = groups.map((group) => {
    const entries = CATALOG.filter((entry) => entry.group === group);
    const title = `## ${GROUP_TITLES[group]} (${entries.length})`;
    if (STATISTIC_GROUPS.has(group)) return [title, '', ...statisticLines(entries), ''].join('\n');
    const note = GROUP_NOTES[group];
    const rows = entries.map(
      ({ name, formula, unit, type, doc }) =>
        `| ${[`\`${name}\``, inCell(formula), unit, type, inCell(doc)].join(' | ')} |`,
    );
    return [
      title,
      '',
      ...(note === undefined ? [] : [note, '']),
      '| feature | formula | unit | type | meaning |',
      '|---|---|---|---|---|',
      ...rows,
      '',
    ].join('\n');
  });
  return [
    '# Feature catalog',
    '',
    'Made by `npm run docs` from the tables that the program computes with; do not edit. `ndr catalog --parquet FILE` writes',
    'the same as Parquet. The lookback of a window (S, T] is the slices from 00:00 UTC of the day thirty days before S up to S.',
    '',
    ...sections,
    ...contextSections(),
  ].join('\n');
}

/** The columns that are no feature, by dataset, so that every column of the lake stands on the page. */
function contextSections(): string[] {
  const sections = contextColumns(CATALOG).flatMap(({ dataset, doc, columns }) => [
    `### ${dataset}`,
    '',
    doc,
    '',
    '| column | type | null | meaning |',
    '|---|---|---|---|',
    ...Object.entries(columns).map(
      ([name, { type, nullable, doc: meaning }]) =>
        `| \`${name}\` | \`${type}\` | ${nullable === true ? 'possible' : 'never'} | ${inCell(meaning)} |`,
    ),
    '',
  ]);
  return [
    '## Keys and context',
    '',
    'What the datasets hold beside these features: whose row it is, where it comes from, and what the features are computed with.',
    '',
    ...sections,
  ];
}

/** Each statistic once: its metrics have their lines in FG-A. */
const statisticLines = (entries: readonly CatalogEntry[]): string[] => {
  const statistics = Object.entries(STATISTIC_FORMULAS);
  return [
    `\`<metric>_<statistic>\` of ${entries.length / statistics.length} columns of FG-A.`,
    '',
    '| statistic | formula |',
    '|---|---|',
    ...statistics.map(([statistic, formula]) => `| ${statistic} | ${inCell(formula)} |`),
  ];
};

const inCell = (text: string): string => text.replaceAll('|', '\\|');

const text = (doc: string) => ({ type: 'string', doc }) as const;

const CATALOG_SCHEMA: Schema = {
  feature_id: text('<version>:<group>:<name>'),
  feature_number: { type: 'int32', doc: 'Model inputs are numbered first, from 1; every other group from 1.' },
  feature_name: text('Column name.'),
  feature_group: text('Group.'),
  feature_formula: text('What the program computes.'),
  feature_description: text('What it means.'),
  creator_script: text('Module that computes it.'),
  upstream_dependencies: text('Datasets it is computed from, separated by commas.'),
  feature_spec_version: text('Version of the specs.'),
  data_type: text('Type of the column.'),
  nullable: { type: 'int32', doc: '1 if the column may be null.' },
  default_value: { type: 'string', nullable: true, doc: 'Value where there is none; null: none.' },
  downstream_consumers: { type: 'string', nullable: true, doc: 'Who reads it, separated by commas.' },
  feature_group_name_offline: text('Dataset in the lake.'),
  feature_group_name_online: { type: 'string', nullable: true, doc: 'Online feature group; null: none.' },
  s3_storage_path: text('Where the dataset lies, below the lake.'),
  model_input: { type: 'int32', doc: '1 if a model may be given it.' },
  unit: text('Unit.'),
  family: text('Family within the group.'),
};

/** The catalog as a table, for one version; `pathOf` gives the place of a dataset. */
export function catalogTable(version: string, pathOf: (dataset: string) => string): Table {
  const numbers = new Map<string, number>();
  const numberOf = ({ isModelInput, group }: CatalogEntry): number => {
    const series = isModelInput ? 'model' : group;
    const next = (numbers.get(series) ?? 0) + 1;
    numbers.set(series, next);
    return next;
  };
  const column = (value: (entry: CatalogEntry) => string | null): TextVector => {
    const values: string[] = [];
    const codes = CATALOG.map((entry) => {
      const found = value(entry);
      return found === null ? -1 : values.push(found) - 1;
    });
    return { codes: Int32Array.from(codes), values };
  };
  return {
    schema: CATALOG_SCHEMA,
    length: CATALOG.length,
    columns: {
      feature_id: column(({ group, name }) => `${version}:${group}:${name}`),
      feature_number: Int32Array.from(CATALOG, numberOf),
      feature_name: column(({ name }) => name),
      feature_group: column(({ group }) => group),
      feature_formula: column(({ formula }) => formula),
      feature_description: column(({ doc }) => doc),
      creator_script: column(({ creator }) => creator),
      upstream_dependencies: column(({ upstream }) => upstream.join(', ')),
      feature_spec_version: column(() => version),
      data_type: column(({ type }) => type),
      nullable: Int32Array.from(CATALOG, ({ nullable }) => (nullable ? 1 : 0)),
      default_value: column(() => null),
      downstream_consumers: column(({ isModelInput }) => (isModelInput ? 'NDR system' : null)),
      feature_group_name_offline: column(({ dataset }) => dataset),
      feature_group_name_online: column(() => null),
      s3_storage_path: column(({ dataset }) => pathOf(dataset)),
      model_input: Int32Array.from(CATALOG, ({ isModelInput }) => (isModelInput ? 1 : 0)),
      unit: column(({ unit }) => unit),
      family: column(({ family }) => family),
    },
  };
}
