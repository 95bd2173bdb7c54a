// DuckDB: the same columns by SQL. In memory the datasets stay as it holds them (addresses as numbers beside a table of their texts);
// with --parquet they are written out with every column of the contract.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { computeFeatures, FEATURE_TABLES, openDuckdb } from '../../test/oracle/duckdb.ts';
import { printReport, readPeerArguments } from './peer.ts';

const { files, miniBatchId, sliceEndMs, threads, parquet } = readPeerArguments();
const connection = await openDuckdb(threads);
await computeFeatures(connection, { files, fieldMapping: {}, miniBatchId, sliceEndMs });
if (parquet !== undefined) {
  mkdirSync(parquet, { recursive: true });
  for (const table of FEATURE_TABLES) {
    await connection.run(
      `COPY (FROM ${table}) TO '${join(parquet, `${table}.parquet`)}' (FORMAT parquet, COMPRESSION zstd)`,
    );
  }
}
const reader = await connection.runAndReadAll(`
  SELECT * FROM
    (SELECT count(*) AS delta_rows, sum(sessions_cnt)::DOUBLE AS delta_sessions, sum(bytes_sent_sum)::DOUBLE AS delta_bytes_sent FROM delta),
    (SELECT count(*) FILTER (WHERE src > 0) + count(*) FILTER (WHERE dst > 0) AS pair_context_rows,
      count(*) FILTER (WHERE port > 0) AS pair_counts_rows, (sum(sessions) FILTER (WHERE port > 0))::DOUBLE AS pair_counts_sessions FROM pair)`);
const [row = {}] = reader.getRowObjectsJS();
printReport(Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Number(value)])));
