// DuckDB: the same features, without novelty, by SQL over the same slices as Parquet.
import { parseArgs } from 'node:util';
import { openDuckdb } from '../../test/oracle/duckdb.ts';
import { printReport } from './report.ts';
import { METRICS, preparedParquet } from './slices-parquet.ts';
import { SPEC } from './spec.ts';
import { sumStatements, windowStatements } from './window-sql.ts';

const { values } = parseArgs({
  options: { state: { type: 'string' }, threads: { type: 'string', default: '2' }, prepare: { type: 'boolean' } },
});
const folder = await preparedParquet(values.state!);
// In a process of its own: what it takes is no part of the comparison.
if (values.prepare === true) process.exit(0);

const connection = await openDuckdb(Number(values.threads));
for (const statement of windowStatements(folder, METRICS, SPEC)) {
  const started = performance.now();
  await connection.run(statement);
  if (process.env['NDR_BENCH_STAGES'] !== undefined)
    process.stderr.write(`${statement.slice(0, 40)}: ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
}
const sums: Record<string, number> = {};
for (const { sql, nameOf } of sumStatements()) {
  const [row = {}] = (await connection.runAndReadAll(sql)).getRowObjectsJS();
  for (const [column, value] of Object.entries(row)) {
    const name = nameOf(column.replace(/^sum\((?:\w+\.)?"?(\w+)"?\)$/, '$1'));
    if (name !== undefined) sums[name] = Number(value);
  }
}
const [count = {}] = (
  await connection.runAndReadAll('SELECT count(DISTINCT host) AS hosts FROM w_15m')
).getRowObjectsJS();
printReport({ hosts: Number(count['hosts']), ...sums });
