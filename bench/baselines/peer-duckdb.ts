// The host level alone by SQL over the same Parquet: unweighted quantiles and MAD of every column, some columns a query.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BASELINE_METRICS } from '../../src/operators/baseline-metrics.ts';
import { openDuckdb } from '../../test/oracle/duckdb.ts';
import { PROJECT } from './history.ts';

const { values } = parseArgs({
  options: {
    home: { type: 'string' },
    threads: { type: 'string', default: '2' },
    columns: { type: 'string', default: '31' },
    // Queries that are run; what the others would take is taken to be as much.
    queries: { type: 'string' },
  },
});
const together = Number(values.columns);
const connection = await openDuckdb(Number(values.threads));
const files = `read_parquet('${join(values.home!, 'lake', PROJECT, 'fg_a')}/**/*.parquet')`;
const names = BASELINE_METRICS.map(({ name }) => name);
const queries = Math.ceil(names.length / together);
const run = Math.min(queries, Number(values.queries ?? queries));
for (let from = 0; from < run * together; from += together) {
  const columns = names
    .slice(from, from + together)
    .map((name) => `quantile_cont(${name}, [0.5, 0.25, 0.75, 0.95, 0.99]), mad(${name}), count(${name})`);
  await connection.run(
    `CREATE OR REPLACE TABLE statistics AS
     SELECT host_ip, ${columns
       .map((column, c) =>
         column
           .replace(/, mad/, ` AS q${c}, mad`)
           .replace(/, count/, ` AS m${c}, count`)
           .concat(` AS n${c}`),
       )
       .join(', ')}
     FROM ${files} WHERE is_degraded = 0 GROUP BY host_ip`,
  );
}
const { user, system } = process.cpuUsage();
process.stdout.write(
  `${JSON.stringify({ queries: `${run} of ${queries}`, cpu_seconds: (((user + system) / 1e6) * queries) / run, peak_rss_mb: process.resourceUsage().maxRSS / 1024 })}\n`,
);
