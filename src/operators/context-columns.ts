import {
  hostBaselineSchema,
  ipMetadataSchema,
  PAIR_HOST_SCHEMA,
  PAIR_SEGMENT_SCHEMA,
  PUBLICATION_METADATA_SCHEMA,
  segmentBaselineSchema,
} from './baseline-datasets.ts';
import type { CatalogEntry } from './catalog-entry.ts';
import { DATASETS, type DatasetName, datasetSchemas } from './dataset-schemas.ts';
import { DELTA_OPERATORS } from './delta-metrics.ts';
import { DEFAULT_DEVIATION_OPTIONS } from './deviation-metrics.ts';
import type { Schema } from './table.ts';

/** Columns of a dataset that are no feature: whose row it is, where it comes from, what it is computed with. */
export interface DatasetContext {
  readonly dataset: string;
  readonly doc: string;
  readonly columns: Schema;
}

const JOIN_KEYS = ['host_ip', 'window_label', 'segment_id', 'time_band'];
const ofLake = datasetSchemas(DELTA_OPERATORS, [], DEFAULT_DEVIATION_OPTIONS);

/** Every dataset with its columns under the default spec, but for the statistics of FG-B. */
const DATASET_COLUMNS: readonly DatasetContext[] = [
  ...(Object.keys(DATASETS) as DatasetName[]).map((dataset) => ({
    dataset,
    doc: DATASETS[dataset].doc,
    columns: ofLake[dataset],
  })),
  {
    dataset: 'fg_b/host',
    doc: 'Statistics of one host; segment_id and time_band where join_keys have them.',
    columns: hostBaselineSchema(JOIN_KEYS, []),
  },
  {
    dataset: 'fg_b/segment',
    doc: 'The same of one segment, or of the whole project.',
    columns: segmentBaselineSchema(JOIN_KEYS, []),
  },
  {
    dataset: 'fg_b/ip_metadata',
    doc: 'What is known of the history of one host.',
    columns: ipMetadataSchema(JOIN_KEYS),
  },
  { dataset: 'fg_b/pair/host', doc: 'One host, one destination and port.', columns: PAIR_HOST_SCHEMA },
  { dataset: 'fg_b/pair/segment', doc: 'One segment, one destination and port.', columns: PAIR_SEGMENT_SCHEMA },
  { dataset: 'fg_b/publication_metadata', doc: 'One publication.', columns: PUBLICATION_METADATA_SCHEMA },
];

/** What the features of a catalog leave out of every dataset. */
export function contextColumns(catalog: readonly CatalogEntry[]): readonly DatasetContext[] {
  return DATASET_COLUMNS.map(({ dataset, doc, columns }) => {
    // The tables of pairs have the same columns, which are listed once.
    const owner = dataset === 'fg_b/pair/segment' ? 'fg_b/pair/host' : dataset;
    const listed = new Set(catalog.filter((entry) => entry.dataset === owner).map(({ name }) => name));
    return { dataset, doc, columns: Object.fromEntries(Object.entries(columns).filter(([name]) => !listed.has(name))) };
  });
}
