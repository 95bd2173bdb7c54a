/** The poison set: dirty input, and what must become of it. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { OracleParameters } from '../oracle/oracle.ts';
import { PROJECT } from './committed-lake.ts';
import { filesBelow } from './folder-content.ts';
import { bytesOf, type Recipe } from './poison-files.ts';

export interface PoisonCase {
  readonly name: string;
  /** What is wrong, and what it may cost. */
  readonly says: string;
  readonly files: Readonly<Record<string, Recipe>>;
  /** Specs by job, and what the judge is told of them. */
  readonly specs?: Readonly<Record<string, unknown>>;
  readonly parameters?: OracleParameters;
  readonly settings?: Readonly<Record<string, string>>;
  readonly expected: {
    /** Absent: the mini-batch is committed. Else why it is not, as regular expressions. */
    readonly poison?: readonly string[];
    /** Counts of data quality that are not 0. */
    readonly dq: Readonly<Record<string, number>>;
    /** File, line, rule, something that the reason says, and of how many lines from there on. */
    readonly rejected?: readonly (readonly [file: string, line: number, rule: string, says: string, times?: number])[];
    /** File → something that the reason says. */
    readonly damaged?: Readonly<Record<string, string>>;
    /** Further warnings, something of each. */
    readonly warnings?: readonly string[];
    /** All rows, by key, but not all columns of each. */
    readonly delta?: readonly Readonly<Record<string, unknown>>[];
    readonly pair_counts?: readonly Readonly<Record<string, unknown>>[];
    readonly pair_context?: readonly Readonly<Record<string, unknown>>[];
    readonly fg_a?: readonly Readonly<Record<string, unknown>>[];
  };
}

const FOLDER = join(import.meta.dirname, '..', 'golden', 'poison');

export function readPoisonCases(): PoisonCase[] {
  const names = readdirSync(FOLDER, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return names.map(({ name }) => ({
    ...(JSON.parse(readFileSync(join(FOLDER, name, 'case.json'), 'utf8')) as Omit<PoisonCase, 'name'>),
    name,
  }));
}

const LONGEST_LINE = 1_048_576;
const NO_RECORD = 'no record';

/** The lines of the files that hold some, as the judge may read them: what is no text, or too long, as what is no JSON. */
export function judgedLines({ files, expected }: PoisonCase): string[] {
  const whole = Object.keys(files)
    .filter((name) => !Object.hasOwn(expected.damaged ?? {}, name))
    .sort();
  return whole.flatMap((name) => {
    const recipe = files[name]!;
    return 'is' in recipe ? [] : linesOf(bytesOf(recipe));
  });
}

function linesOf(file: Buffer): string[] {
  let bytes = file[0] === 0x1f && file[1] === 0x8b ? gunzipSync(file) : file;
  if (bytes.subarray(0, 3).equals(Buffer.of(0xef, 0xbb, 0xbf))) bytes = bytes.subarray(3);
  const lines: string[] = [];
  for (let start = 0; start < bytes.length; ) {
    const feed = bytes.indexOf(10, start);
    const end = feed < 0 ? bytes.length : feed;
    lines.push(textOf(bytes.subarray(start, end)));
    start = end + 1;
  }
  return lines;
}

function textOf(line: Buffer): string {
  if (line.length > LONGEST_LINE) return NO_RECORD;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line);
  } catch {
    return NO_RECORD;
  }
}

export interface Quarantine {
  readonly rejected: readonly QuarantinedLine[];
  readonly damaged: readonly { readonly file: string; readonly bytes: number; readonly reason: string }[];
  readonly failed: readonly { readonly error: { readonly message: string }; readonly dq?: Record<string, number> }[];
}

export interface QuarantinedLine {
  readonly file: string;
  readonly line: number;
  readonly reason: string;
  readonly detail: string;
  readonly bytes: number;
  readonly is_cut: boolean;
  readonly text: string;
}

export function readQuarantine(home: string, miniBatchId: string): Quarantine {
  const folder = join(home, 'quarantine', PROJECT, miniBatchId);
  const read = (prefix: string): Buffer[] =>
    filesBelow(folder)
      .filter((name) => name.startsWith(prefix))
      .map((name) => readFileSync(join(folder, name)));
  const json = <T>(bytes: Buffer): T => JSON.parse(bytes.toString('utf8')) as T;
  return {
    rejected: read('rejected-').flatMap((bytes) =>
      gunzipSync(bytes)
        .toString('utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as QuarantinedLine),
    ),
    damaged: read('damaged-').flatMap((bytes) => json<{ files: Quarantine['damaged'] }>(bytes).files),
    failed: read('failed-').map((bytes) => json<Quarantine['failed'][number]>(bytes)),
  };
}
