import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it } from 'vitest';
import { type BaselinePool, baselineThreads, inlineBaselinePool } from '../../src/jobs/baseline-stages.ts';

const state = mkdtempSync(join(tmpdir(), 'ndr-stages-'));
const WORKER = new URL('../../src/worker.ts', import.meta.url);
const OPTIONS = { backing: { state, redis: null, s3: null } };
let pool: BaselinePool;
afterEach(() => pool.close());
afterAll(() => rmSync(state, { recursive: true, force: true }));

const holed = {
  schema: { sessions: { type: 'double', doc: '' } },
  length: 1,
  columns: { sessions: Float64Array.of(Number.NaN) },
} as const;

it.each([
  ['in this thread', inlineBaselinePool],
  ['in others', () => baselineThreads(2, WORKER, OPTIONS)],
])('what fails %s says why', async (_, open) => {
  pool = open();
  const failing = pool.run('encodeTable', { table: holed, start: 0, end: 1 });
  await expect(failing).rejects.toThrow(/sessions .*null/);
  const whole = { ...holed, columns: { sessions: Float64Array.of(1) } };
  expect(await pool.run('encodeTable', { table: whole, start: 0, end: 1 })).toMatchObject({ rows: 1 });
});
