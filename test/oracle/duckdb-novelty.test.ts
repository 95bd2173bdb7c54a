import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FIRST_END, miniBatchAt } from '../operators/random-traffic.ts';
import { openDuckdb } from './duckdb.ts';
import { duckdbNovelty, noveltyColumn } from './duckdb-novelty.ts';
import { judge, type OracleOutput } from './oracle.ts';

const DAY = 86_400_000;
const QUARTER = 900_000;

const instants = fc
  .tuple(fc.constantFrom(0, 0, 1, 29, 30, 31), fc.constantFrom(0, 1, 4, -32, -33, 95))
  .map(([days, quarters]) => FIRST_END + 2 * DAY + days * DAY + quarters * QUARTER);
const history = fc
  .uniqueArray(instants, { minLength: 3, maxLength: 6 })
  .chain((ends) => fc.tuple(...ends.map((end) => miniBatchAt(end, 14))))
  .map((miniBatches) => miniBatches.map((miniBatch, n) => ({ ...miniBatch, id: `mb-${n}` })));

it('SQL and the judge agree on what is new', () =>
  fc.assert(
    fc.asyncProperty(history, async (miniBatches) => {
      const outputs = judge({ minDays: 0 }, miniBatches);
      const connection = await openDuckdb(1);
      await load(
        connection,
        'pairs',
        outputs,
        ['host_ip', 'role', 'peer_ip', 'peer_port', 'sessions_cnt'],
        'pair_context',
      );
      await load(connection, 'hosts', outputs, ['host_ip', 'role', 'segment_id'], 'delta');
      const rows = await duckdbNovelty(connection, { pairs: 'pairs', hosts: 'hosts', miniBatches });
      connection.closeSync();
      const faults = rows.flatMap((row) => {
        const output = outputs.find(({ mini_batch_id: id }) => id === row.mini_batch_id)!;
        const judged = output.fg_a.find(({ host_ip }) => host_ip === row.host_ip)!;
        return Object.entries(row.metrics).flatMap(([metric, value]) => {
          const column = noveltyColumn(metric, row);
          if (column === undefined || Math.abs(value - Number(judged[column])) < 1e-12) return [];
          return [`${row.mini_batch_id} ${row.host_ip} ${column}: SQL ${value}, judge ${String(judged[column])}`];
        });
      });
      expect(faults).toEqual([]);
      expect(rows.length > 0 || outputs.every(({ pair_context }) => pair_context.length === 0)).toBe(true);
    }),
    { numRuns: 15 },
  ));

async function load(
  connection: Awaited<ReturnType<typeof openDuckdb>>,
  table: string,
  outputs: readonly OracleOutput[],
  columns: readonly string[],
  dataset: 'pair_context' | 'delta',
): Promise<void> {
  const literal = (value: unknown): string => (typeof value === 'string' ? `'${value}'` : String(value ?? 'NULL'));
  const types = columns.map((name) => `${name} ${/port|cnt/.test(name) ? 'BIGINT' : 'VARCHAR'}`);
  await connection.run(`CREATE TABLE ${table} (${types.join(', ')}, mini_batch_id VARCHAR)`);
  const rows = outputs.flatMap(({ mini_batch_id, [dataset]: own }) =>
    own.map((row) => `(${[...columns.map((name) => row[name]), mini_batch_id].map(literal).join(', ')})`),
  );
  if (rows.length > 0) await connection.run(`INSERT INTO ${table} VALUES ${rows.join(', ')}`);
}
