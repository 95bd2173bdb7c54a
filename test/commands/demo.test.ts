import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { readExposition, sampleOf } from '../support/exposition.ts';
import { traceOf } from '../support/folder-content.ts';
import { writeMiniBatch } from '../support/mini-batch-folders.ts';
import { endWithin, runNdr, startNdr } from '../support/ndr-process.ts';
import { officeMiniBatches } from '../support/office-mini-batches.ts';
import { FIVE, fiveMiniBatches, SETTINGS } from './five-mini-batches.ts';

/** Half a day of traffic takes ten seconds, and longer where others want the processor too. */
vi.setConfig({ testTimeout: 120_000 });

const PROGRAM = join(import.meta.dirname, '..', '..', 'bin', 'ndr');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ndr-demo-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** bin/ndr from a folder of the user's own, in a shell that knows nothing of the project. */
async function ndrHere(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { PATH = '' } = process.env;
  const path = PATH.split(delimiter).filter((entry) => !entry.includes('node_modules'));
  const child = spawn(PROGRAM, args, { cwd: folder, env: { PATH: path.join(delimiter) } });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (bytes) => {
    said.stdout += bytes;
  });
  child.stderr.on('data', (bytes) => {
    said.stderr += bytes;
  });
  const [code] = (await once(child, 'close')) as [number];
  return { code, ...said };
}

it('plays half a day, finds what can be found, and says where it lies and what comes next', async () => {
  const { code, stdout, stderr } = await ndrHere('demo', '--once');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(readdirSync(folder)).toEqual(['ndr-home']);
  const lines = stdout.trimEnd().split('\n');
  expect(lines.length).toBeLessThan(25);
  expect(lines[0]).toMatch(/^12 hours of an office of 60 workstations: 48 mini-batches, \d\d,\d{3} log lines, in \d/);
  expect(stdout).toMatch(
    /fast scan +10\.10\.\d\.\d+ -> \S+\n +80\d ports tried in an hour, no other host more than \d\d /,
  );
  expect(stdout).toMatch(/exfiltration +10\.10\.\d\.\d+ -> \S+\n +20\d,\d{3},\d{3} bytes sent outside/);
  expect(stdout).toMatch(/beacon +\S+ -> \S+\n +in no single column/);
  expect(stdout).toContain(`${PROGRAM} backfill --input LOGS`);

  // The query that it prints works where it is typed.
  const query = /duckdb -c "(.*)"/.exec(stdout)?.[1]?.replace("'ndr-home", `'${folder}/ndr-home`);
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const rows = await connection.runAndReadAll(query ?? '');
  expect(rows.currentRowCount).toBe(5);
  expect(rows.columnNames()).toEqual(expect.arrayContaining(['host_ip', 'sessions_cnt_w_15m', 'dt']));
  connection.closeSync();
});

it('changes nothing when it is played again, and says so', async () => {
  const home = join(folder, 'ndr-home');
  const before = traceOf(home);
  const people = await ndrHere('demo', '--once');
  expect(people).toMatchObject({ code: 0, stderr: '' });
  expect(people.stdout).toMatch(/^All 48 mini-batches stood already: the same input changes nothing\.\n/);
  const { code, stdout } = await runNdr(['demo', '--once', '--json', '--home', home]);
  expect(code).toBe(0);
  expect(stdout.map((line) => JSON.parse(line) as unknown)).toEqual([
    expect.objectContaining({ summary: { committed: 0, unchanged: 0, skipped: 48, failed: 0 } }),
  ]);
  expect(traceOf(home)).toEqual(before);
});

/** A folder of a user's own, some weeks after the demo's day: its name tells no time. */
const LATER = officeMiniBatches({ seed: 3, hosts: 4, slices: 1, thin: 3, start: Date.UTC(2026, 3, 7, 9, 8) });
const OWN = { ...LATER[0]!, id: 'b17' };

it('goes on serving what comes, with its metrics, until it is told to stop', async () => {
  const home = join(folder, 'ndr-home');
  // Somebody has the usual port already: a free one does as well.
  const other = createServer();
  await new Promise<void>((resolve) => other.once('error', () => resolve()).listen(9464, '127.0.0.1', resolve));
  const settings = { NDR_THREADS: '1', NDR_SERVE_POLL_SECONDS: '0.2', NDR_COMPLETENESS_SETTLE_SECONDS: '0' };
  let said = '';
  const ndr = startNdr(['demo', '--home', home], settings, (line) => {
    said += `${line}\n`;
  });
  ndr.process.stderr!.on('data', (text) => {
    said += String(text);
  });
  const says = async (text: string | RegExp): Promise<void> => {
    while (said.search(text) < 0) {
      if (ndr.process.exitCode !== null) throw new Error(`it ended: ${said}`);
      await pause(50);
    }
  };
  await says('Stop with Ctrl-C');
  const address = /http:\/\/127\.0\.0\.1:\d+(?=\/metrics)/.exec(said)?.[0];
  expect(address).not.toBe('http://127.0.0.1:9464');
  const page = readExposition(await (await fetch(`${address}/metrics`)).text());
  expect(sampleOf(page, 'ndr_draining') ?? 0).toBe(0);
  writeMiniBatch(join(home, 'inbox'), OWN);
  await says(/b17: .*committed/);
  ndr.process.kill('SIGINT');
  const { code, stdout } = await endWithin(ndr, 60_000);
  expect({ code, first: stdout[0] }).toEqual({
    code: 0,
    first: 'All 48 mini-batches stood already: the same input changes nothing.',
  });
  other.close();
});

it('is played again in a home to whose inbox somebody brought logs of their own, which stay', async () => {
  const home = join(folder, 'ndr-home');
  const before = traceOf(home);
  const { code, stdout, stderr } = await ndrHere('demo', '--once');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^All 48 mini-batches stood already: the same input changes nothing\.\n/);
  expect(Object.keys(before).filter((path) => path.includes(`batch=${OWN.id}/`))).not.toEqual([]);
  expect(traceOf(home)).toEqual(before);
});

it('keeps its made-up hosts out of a home that holds real ones', async () => {
  const place = fiveMiniBatches();
  const home = place.at('home');
  const input = writeMiniBatch(place.at('real'), { ...FIVE[0]!, id: 'b17' });
  await runNdr(['run-batch', '--home', home, '--input', input, '--at', '2026-04-01'], SETTINGS);
  const before = traceOf(home);
  const { code, stdout, stderr } = await runNdr(['demo', '--home', home]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: [] });
  expect(stderr).toContain('give the demo a home of its own: ndr demo --home DIR');
  expect(traceOf(home)).toEqual(before);
  place.remove();
});
