/** Input that is too big to hold: what it costs in memory and time, and what becomes of it. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { folderOf } from './mini-batch-folders.ts';
import { bytesOf, type Part, SLICE_END } from './poison-files.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts');
const PEAK = join(import.meta.dirname, 'peak-memory.ts');
const ID = 'big';
const GOOD: Part = { flow: {} };

export interface BigCase {
  readonly name: string;
  /** Bytes or lines, for a full run and for a quick one. */
  readonly full: number;
  readonly quick: number;
  /** Writes the file; other files of the mini-batch are small and sound. */
  readonly write: (file: number, amount: number) => void;
  readonly settings?: (amount: number) => Readonly<Record<string, string>>;
  readonly outcome: 'committed' | 'poison';
  /** Of dq, or in warnings and reasons. */
  readonly dq: (amount: number) => Readonly<Record<string, number>>;
  readonly says: string;
  /** Bytes, for a full run and for a quick one. */
  readonly peak: readonly [full: number, quick: number];
}

const MB = 1_000_000;
const REPEATED = 50_000;

/** Sound records of which no two are alike, so that they compress as a log does. */
const manyRecords = (): Buffer => {
  const lines = Array.from({ length: REPEATED }, (_, n) => {
    const mixed = Math.imul(n + 1, 0x9e3779b1) >>> 0;
    const own = { source_port: 1024 + (mixed % 60_000), source_bytes: mixed % 99_991, destination_bytes: mixed >>> 7 };
    return JSON.stringify({
      ...own,
      source_ip: `10.1.${n & 127}.${mixed & 127}`,
      destination_ip: '10.2.0.9',
      destination_port: 443,
    });
  });
  return gzipSync(`${lines.join('\n')}\n`);
};

function repeated(file: number, piece: Uint8Array, times: number): void {
  for (let n = 0; n < times; n++) writeSync(file, piece);
}

export const BIG_CASES: readonly BigCase[] = [
  {
    name: 'a line of 2 GB',
    full: 2_000 * MB,
    quick: 300 * MB,
    write: (file, bytes) => {
      const written = writeSync(file, bytesOf([GOOD]));
      // What was never written reads as NULs, and takes no room on the disk.
      ftruncateSync(file, written + bytes);
      writeSync(file, bytesOf([{ text: '\n' }, GOOD]), 0, undefined, written + bytes);
    },
    outcome: 'committed',
    dq: () => ({ lines: 4, flows: 3, line_too_long: 1, damaged_files: 0 }),
    says: '',
    peak: [300 * MB, 300 * MB],
  },
  {
    name: '10 GB of zeros in a gzip file of 10 MB',
    full: 10_000 * MB,
    quick: 1_000 * MB,
    write: (file, bytes) => repeated(file, gzipSync(Buffer.alloc(20 * MB)), bytes / (20 * MB)),
    outcome: 'committed',
    dq: () => ({ lines: 1, flows: 1, damaged_files: 1 }),
    says: 'no log inflates to more than 150 times its size',
    peak: [300 * MB, 300 * MB],
  },
  {
    name: 'one record over and over, 10 GB in a gzip file of 44 MB',
    full: 10_000 * MB,
    quick: 1_000 * MB,
    write: (file, bytes) => {
      const record = bytesOf([{ flow: {}, times: 10_000 }]);
      repeated(file, gzipSync(record), bytes / record.length);
    },
    // With fewer lines than the ratio takes, the number of lines ends it.
    outcome: 'committed',
    dq: () => ({ lines: 1, flows: 1, damaged_files: 1 }),
    says: 'the most that input.max_',
    settings: () => ({ NDR_INPUT_MAX_FILE_BYTES: String(500 * MB) }),
    peak: [450 * MB, 450 * MB],
  },
  {
    name: 'endless sound records that compress as a log does',
    full: 10_500_000,
    quick: 600_000,
    write: (file, lines) => repeated(file, manyRecords(), lines / REPEATED),
    settings: (lines) => (lines > 10_000_000 ? {} : { NDR_INPUT_MAX_LINES: '500000' }),
    outcome: 'committed',
    dq: () => ({ lines: 1, flows: 1, damaged_files: 1 }),
    says: 'lines, the most that input.max_lines lets a whole mini-batch hold',
    peak: [1_000 * MB, 350 * MB],
  },
  {
    name: 'lines of noise, each to be rejected',
    full: 3_000_000,
    quick: 600_000,
    write: (file, lines) => {
      const noise = gzipSync(bytesOf([{ text: 'noise {n} of {lo}\n', times: REPEATED }]));
      repeated(file, noise, lines / REPEATED);
    },
    outcome: 'poison',
    dq: (lines) => ({ lines: lines + 1, malformed_json: lines }),
    says: 'lines were rejected',
    peak: [450 * MB, 450 * MB],
  },
];

export interface BigRun {
  readonly name: string;
  readonly amount: number;
  readonly fileBytes: number;
  readonly seconds: number;
  readonly peak: number;
  readonly allowed: number;
  readonly faults: readonly string[];
}

/** Makes the case's mini-batch below `root`, runs it as a process of its own, and takes it away again. */
export async function runBigCase(root: string, big: BigCase, size: 'full' | 'quick'): Promise<BigRun> {
  const amount = big[size];
  const allowed = big.peak[size === 'full' ? 0 : 1];
  const input = folderOf(join(root, 'raw'), { id: ID, sliceEnd: SLICE_END });
  mkdirSync(input, { recursive: true });
  const file = openSync(join(input, 'a.json.gz'), 'w');
  big.write(file, amount);
  closeSync(file);
  const sound = openSync(join(input, 'b.json.gz'), 'w');
  const fileBytes = statSync(join(input, 'a.json.gz')).size;
  writeSync(sound, gzipSync(bytesOf([GOOD])));
  closeSync(sound);
  const begun = performance.now();
  const end = await runBatch(root, input, big.settings?.(amount) ?? {});
  const seconds = (performance.now() - begun) / 1000;
  rmSync(root, { recursive: true, force: true });
  const faults: string[] = [];
  const outcome = JSON.parse(end.stdout || '{}') as { outcome?: string; why?: string; dq?: Record<string, number> };
  if (outcome.outcome !== big.outcome)
    faults.push(`${big.name}: ${outcome.outcome}, not ${big.outcome}: ${end.stderr}`);
  for (const [rule, count] of Object.entries(big.dq(amount))) {
    if (outcome.dq?.[rule] !== count) faults.push(`${big.name}: ${rule} is ${outcome.dq?.[rule]}, not ${count}`);
  }
  if (!`${end.stderr}${outcome.why ?? ''}`.includes(big.says))
    faults.push(`${big.name}: nothing says "${big.says}": ${end.stderr}`);
  if (end.peak > allowed) faults.push(`${big.name}: held ${end.peak} bytes, more than ${allowed}`);
  return { name: big.name, amount, fileBytes, seconds, peak: end.peak, allowed, faults };
}

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly peak: number;
}

/** One thread, so that the memory is that of one file at a time. */
async function runBatch(root: string, input: string, settings: Readonly<Record<string, string>>): Promise<Ended> {
  const peakFile = join(root, 'peak');
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('NDR_'));
  const args = ['run-batch', '--input', input, '--home', join(root, 'home'), '--at', new Date(SLICE_END).toISOString()];
  const child = spawn(process.execPath, ['--import', PEAK, MAIN, ...args, '--json'], {
    env: { ...Object.fromEntries(own), NDR_THREADS: '1', PEAK_FILE: peakFile, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  await once(child, 'close');
  return { stdout, stderr, peak: Number(readFileSync(peakFile, 'utf8')) };
}
