import { type DuckDBConnection, DuckDBInstance, type JS } from '@duckdb/node-api';
import { featureStatements } from './duckdb-features.ts';
import { flowStatements, type RawFlows } from './duckdb-flows.ts';

export type { FlowField, RawFlows } from './duckdb-flows.ts';

export const FEATURE_TABLES = ['delta', 'pair_context', 'pair_counts'] as const;
export type FeatureTable = (typeof FEATURE_TABLES)[number];

/** Contract column → value; times are ms UTC, lists are arrays of numbers. */
export type FeatureRow = Readonly<Record<string, string | number | null | readonly number[]>>;

/** An in-memory database: UTC, so many threads, no promise about row order. */
export async function openDuckdb(threads = 2): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(threads),
    preserve_insertion_order: 'false',
  });
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  return connection;
}

/** Leaves the relations of FEATURE_TABLES, computed from raw files by SQL, in the connection's temporary schema. */
export async function computeFeatures(connection: DuckDBConnection, flows: RawFlows): Promise<void> {
  for (const statement of [...flowStatements(flows), ...featureStatements(flows)]) await connection.run(statement);
}

/** What SQL makes of the raw files, rows in no particular order. */
export async function duckdbFeatures(flows: RawFlows): Promise<Record<FeatureTable, FeatureRow[]>> {
  const connection = await openDuckdb();
  try {
    await computeFeatures(connection, flows);
    return {
      delta: await readRows(connection, 'delta'),
      pair_context: await readRows(connection, 'pair_context'),
      pair_counts: await readRows(connection, 'pair_counts'),
    };
  } finally {
    connection.closeSync();
  }
}

async function readRows(connection: DuckDBConnection, table: FeatureTable): Promise<FeatureRow[]> {
  const reader = await connection.runAndReadAll(`SELECT * FROM ${table}`);
  return reader
    .getRowObjectsJS()
    .map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plainValue(value)])));
}

function plainValue(value: JS): FeatureRow[string] {
  if (typeof value === 'bigint') return Number(value);
  if (value === null || typeof value === 'number' || typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(Number);
  throw new Error(
    `duckdb oracle: a feature column holds ${typeof value} ${String(value)}; expected text, a number, a list or null`,
  );
}
