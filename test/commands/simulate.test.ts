import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { contentOf, filesBelow, traceOf } from '../support/folder-content.ts';
import { ID_PATTERN, writeMiniBatch } from '../support/mini-batch-folders.ts';
import { call } from './call.ts';
import { FIVE } from './five-mini-batches.ts';

vi.setConfig({ testTimeout: 120_000 });

/** Dirty lines, an outage with what it catches up on, and every incident; in all, five slices in four mini-batches. */
const OFFICE =
  '--hosts 12 --seed 9 --slices 5 --incidents all --dirty 0.05 --scanners 30 --outages 2026-03-02T07:30:00Z/0.2'.split(
    ' ',
  );
const ENV = { NDR_THREADS: '1', NDR_INPUT_ID_PATTERN: ID_PATTERN };

let folder: string;
const at = (...path: string[]): string => join(folder, ...path);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ndr-simulate-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const simulate = (...args: string[]) => call(['simulate', ...args], ENV);
const linesIn = (path: string): number =>
  gunzipSync(readFileSync(path))
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '').length;

it('writes folders by day and slice, and the truth beside them', async () => {
  const { code, stdout, stderr } = await simulate('--out', at('logs'), ...OFFICE);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout[0]).toMatch(/^4 mini-batches, [\d,]+ lines \([\d.]+ MB before compression\) in /);
  const files = filesBelow(at('logs'));
  expect(files).toEqual([
    ...['0723', '0753', '0808', '0823'].map((time) => `2026/03/02/20260302T${time}/part-0.json.gz`),
    '_simulation.json',
    '_truth.jsonl',
  ]);
  const truth = readFileSync(at('logs', '_truth.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(truth.slice(0, 7).map(({ kind }) => kind)).toEqual([
    'beacon',
    'fast_scan',
    'slow_scan',
    'exfiltration',
    'lateral_movement',
    'long_session',
    'strobe',
  ]);
  expect(truth[0]).toEqual({
    incident: 'beacon-1',
    kind: 'beacon',
    family: 'beacon',
    host: expect.stringMatching(/^10\.10\.[12]\.\d+$/),
    peer: '203.0.113.1',
    port: 443,
    start: expect.stringMatching(/^2026-03-02T07:\d\d:\d\d\.\d{3}Z$/),
    end: expect.stringMatching(/^2026-03-02T08:\d\d:\d\d\.\d{3}Z$/),
    parameters: { period: 600, jitter: 0.025, bytes: 1200, hours: 0, at: 0, records: expect.any(Number) },
  });
  expect(truth.slice(7)).toEqual([expect.objectContaining({ kind: 'outage', family: 'benign' })]);
});

it('changes nothing when it is run again, and goes on where a folder is missing', async () => {
  const before = traceOf(at('logs', '2026'));
  const again = await simulate('--out', at('logs'), ...OFFICE, '--json');
  expect(again.stdout.map((line) => JSON.parse(line) as unknown)).toEqual([
    {
      summary: { mini_batches: 0, lines: 0, bytes: 0, incidents: 7 },
      out: at('logs'),
      truth: at('logs', '_truth.jsonl'),
    },
  ]);
  expect(traceOf(at('logs', '2026'))).toEqual(before);
  const content = contentOf(at('logs'));
  rmSync(at('logs', '2026', '03', '02', '20260302T0808'), { recursive: true });
  expect((await simulate('--out', at('logs'), ...OFFICE)).stdout[0]).toMatch(/^1 mini-batches.*; 3 stood already$/);
  expect(contentOf(at('logs'))).toEqual(content);
});

it('writes plain lines, and as many files as are wanted', async () => {
  await simulate('--out', at('plain'), ...OFFICE, '--plain', '--lines-per-file', '100');
  const slice = ['2026', '03', '02', '20260302T0808'];
  const parts = readdirSync(at('plain', ...slice)).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  expect(parts[0]).toBe('part-0.json');
  const texts = parts.map((name) => readFileSync(at('plain', ...slice, name), 'utf8'));
  expect(texts.slice(0, -1).every((text) => text.split('\n').length === 101)).toBe(true);
  expect(texts.join('')).toBe(gunzipSync(readFileSync(at('logs', ...slice, 'part-0.json.gz'))).toString('utf8'));
});

it('gives with --to fg_a the very files that its lines give through the pipeline', async () => {
  const history = await simulate('--to', 'fg_a', '--home', at('history'), ...OFFICE, '--json');
  expect({ code: history.code, stderr: history.stderr }).toEqual({ code: 0, stderr: '' });
  const last = JSON.parse(history.stdout.at(-1)!) as { summary: unknown; lines: number };
  expect(last.summary).toEqual({ committed: 4, stood: 0, failed: 0 });
  const files = filesBelow(at('logs')).filter((path) => path.endsWith('.gz'));
  expect(last.lines).toBe(files.reduce((sum, path) => sum + linesIn(at('logs', path)), 0));

  const lines = await call(['backfill', '--input', at('logs'), '--home', at('lines')], ENV);
  expect(lines.code).toBe(0);
  const lake = contentOf(at('history', 'lake', 'default'));
  expect(Object.keys(lake).filter((path) => path.startsWith('fg_a/'))).toHaveLength(4);
  expect(lake).toEqual(contentOf(at('lines', 'lake', 'default')));
});

it('goes on where such a history was stopped, and refuses a home of real mini-batches', async () => {
  const before = traceOf(at('history', 'lake'));
  const again = await simulate('--to', 'fg_a', '--home', at('history'), ...OFFICE);
  expect(again.stdout[0]).toMatch(/^0 mini-batches committed, 4 stood already, 0 failed; /);
  expect(traceOf(at('history', 'lake'))).toEqual(before);

  const input = writeMiniBatch(at('real'), FIVE[0]!);
  await call(['run-batch', '--home', at('real-home'), '--input', input, '--at', '2026-04-01'], ENV);
  const { code, stderr } = await simulate('--to', 'fg_a', '--home', at('real-home'), ...OFFICE);
  expect(code).toBe(2);
  expect(stderr).toContain('that were not simulated');
  expect(stderr).toContain('give the simulation a home of its own');
});

it('goes on with an office without incidents for more slices', async () => {
  const office = ['--hosts', '6', '--seed', '4', '--out', at('growing')];
  await simulate(...office, '--slices', '1');
  const before = traceOf(at('growing', '2026'));
  expect((await simulate(...office, '--slices', '2')).stdout[0]).toMatch(/^1 mini-batches.*; 1 stood already$/);
  expect(traceOf(at('growing', '2026'))).toMatchObject(before);
  await simulate('--hosts', '6', '--seed', '4', '--out', at('at-once'), '--slices', '2');
  expect(contentOf(at('growing'))).toEqual(contentOf(at('at-once')));
});

it('refuses a folder that holds something else', async () => {
  const other = await simulate('--out', at('logs'), ...OFFICE.slice(0, 2), '--slices', '1');
  expect(other.code).toBe(2);
  expect(other.stderr).toContain('holds the lines of another simulation (see _simulation.json there)');
  mkdirSync(at('mine'));
  writeFileSync(at('mine', 'notes.txt'), 'hello');
  expect((await simulate('--out', at('mine'))).stderr).toContain(
    'holds other files (notes.txt, for one); choose an empty folder',
  );
});

it('says of every flag at once what is wrong with it', async () => {
  const wrong = [
    ['--hosts 2', '--hosts: is "2"; give a whole number 3..100000'],
    ['--to parquet', '--to: is "parquet"; give one of lines, fg_a'],
    ['--days 2 --hours 3', '--hours, --days: say the same thing; give one of them'],
    ['--incidents becon,scan', '--incidents: "becon" is unknown; did you mean beacon?'],
    [
      '--incidents beacon:period',
      '--incidents: "period" of beacon is not name=number; its names are period, jitter, bytes, hours, at',
    ],
    ['--incidents beacon:jitter=3', '--incidents: incident beacon: jitter is 3; expected a number from 0 to 1'],
    ['--strength mighty', '--strength: is "mighty"; give one of weak, usual, strong'],
    ['--without sleep', '--without: "sleep" is unknown'],
    ['--outages 2026-03-02T10:08:00Z', '--outages: "2026-03-02T10:08:00Z" is not INSTANT/HOURS'],
    ['--dirty 0.9', '--dirty: is "0.9"; give a share from 0 to 0.4'],
    ['--to fg_a --out x', '--out: says how lines are written, and --to fg_a writes none'],
  ] as const;
  for (const [args, said] of wrong) {
    const { code, stdout, stderr } = await simulate(...args.split(' '));
    expect({ code, stdout }).toEqual({ code: 2, stdout: [] });
    expect(stderr).toContain(said);
    expect(stderr).toContain('see ndr simulate --help');
  }
  const { stderr } = await simulate('--hosts', '2', '--dirty', 'much', '--scanners', '-');
  expect(stderr).toContain('--hosts: is "2"');
  expect(stderr).toContain('--dirty: is "much"');
  expect((await simulate()).stderr).toContain('--out: is missing; give the folder for the lines, or --to fg_a');
});
