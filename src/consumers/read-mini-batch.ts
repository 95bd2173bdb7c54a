import type { BatchSpec } from '../config/batch-spec.ts';
import { GIVE_AT, type NoEventEnd } from '../config/slice-time.ts';
import { flowNumber } from '../operators/flow.ts';
import type { FileFlows } from '../operators/flow-reader.ts';
import { noCounts, type QualityCounts } from '../operators/quality.ts';
import { formatInstant } from '../operators/time.ts';
import type { Lake } from '../state/lake.ts';
import { mapInOrder } from '../state/map-in-order.ts';
import { quarantineFiles, quarantineLines } from '../state/quarantine.ts';
import { isSameListing, type RawFile, type RawFiles } from '../state/raw-files.ts';
import { absentOptionalFields, addCounts, inputFault, sourceOf } from './input-faults.ts';
import { keptOfEach, unpackRejected } from './rejected-lines.ts';
import type { MiniBatchFolder } from './settle-slice.ts';
import { readerOptionsOf } from './slice-plan.ts';
import type { ReadFile } from './stages.ts';
import { unreadableFields } from './unreadable-fields.ts';
import type { WorkPool } from './work-pool.ts';

/** The most that a mini-batch may hold, so that memory stays bounded whatever is delivered. */
export interface InputLimits {
  /** Of one file, inflated. */
  readonly fileBytes: number;
  /** Of all files together, blank ones left out. */
  readonly lines: number;
}

/** Damaged files that a message names. */
const MOST_TOLD = 10;

interface ReadDeps {
  readonly pool: WorkPool;
  readonly parallel: number;
  readonly limits: InputLimits;
}

/** What the raw files of a mini-batch hold. */
export type MiniBatchContent = UsableContent | UnusableContent;

export interface UnusableContent {
  readonly is: 'unusable';
  readonly why: string;
  readonly dq: Readonly<Record<string, number>>;
}

export interface UsableContent {
  readonly is: 'usable';
  readonly files: FileFlows[];
  readonly counts: QualityCounts;
  /** Lines that are not blank. */
  readonly lines: number;
  /** Files that could not be read to their end and were left out whole, and files that hold no line. */
  readonly damaged: number;
  readonly empty: number;
  readonly warnings: readonly string[];
}

/**
 * Reads the raw files and puts what cannot be used into quarantine, with its reason. Throws if a file changed while it was
 * read: what was hashed would not be what was computed from.
 */
export async function readMiniBatch(
  deps: ReadDeps & { readonly quarantine: Lake; readonly rawFiles: RawFiles },
  spec: BatchSpec,
  { path, miniBatchId }: MiniBatchFolder,
  raw: readonly RawFile[],
): Promise<MiniBatchContent> {
  const where = `mini-batch ${miniBatchId} of project ${spec.project}`;
  const read = await readFiles(deps, spec, raw);
  if (!isSameListing(await deps.rawFiles.list(path), raw)) {
    throw new Error(`${where}: files in ${path} changed while they were read; run it again when they are complete`);
  }
  const lines = linesOf(read);
  // Which files came to be read depends on how many are read at once: nothing is told of them.
  if (lines > deps.limits.lines) return { is: 'unusable', why: crowdFault(deps.limits, where), dq: {} };
  const damaged = read.flatMap((file) => (file.is === 'damaged' ? [file] : []));
  const whole = read.flatMap((file) => (file.is === 'read' ? [file] : []));
  const files = whole.map(({ flows }) => flows);
  const counts = noCounts();
  addCounts(files, counts);
  const empty = whole.filter(({ flows }) => flows.lines === 0);
  const place = { lake: deps.quarantine, prefix: '', project: spec.project, miniBatchId };
  const sizes = new Map(raw.map(({ name, size }) => [name, size]));
  const left = damaged.map(({ name, why }) => ({ file: name, bytes: sizes.get(name) ?? 0, reason: why }));
  await quarantineFiles(place, path, left);
  await quarantineLines(place, unpackRejected(whole.map(({ rejected }) => rejected)));
  const unreadable = unreadableFields(whole, spec);
  const fault = unreadableFault(damaged, whole.length) ?? inputFault(files, counts, spec) ?? unreadable.fault;
  const dq = { lines, damaged_files: damaged.length, empty_files: empty.length };
  if (fault !== undefined) return { is: 'unusable', why: `${where}: ${fault}`, dq: { ...dq, ...counts } };
  return {
    is: 'usable',
    files,
    counts,
    lines,
    damaged: damaged.length,
    empty: empty.length,
    warnings: [
      ...damaged.map(({ name, why }) => `${where}: ${name} was left out: ${why}`),
      ...empty.map(({ name }) => `${where}: ${name} holds no line; look whether its source wrote any`),
      ...[...absentOptionalFields(files, spec), ...unreadable.warnings].map((warning) => `${where}: ${warning}`),
    ],
  };
}

const linesOf = (read: readonly ReadFile[]): number =>
  read.reduce((sum, file) => sum + (file.is === 'read' ? file.flows.lines : 0), 0);

function unreadableFault(damaged: readonly Extract<ReadFile, { is: 'damaged' }>[], whole: number): string | undefined {
  if (damaged.length === 0 || whole > 0) return undefined;
  return `no file can be read: ${firstOf(damaged.map(({ name, why }) => `${name}: ${why}`))}`;
}

function firstOf(told: readonly string[]): string {
  const others = told.length > MOST_TOLD ? `; and ${told.length - MOST_TOLD} others` : '';
  return `${told.slice(0, MOST_TOLD).join('; ')}${others}`;
}

const crowdFault = (limits: InputLimits, where: string): string =>
  `${where}: its files hold more than ${limits.lines} lines, the most that input.max_lines lets a mini-batch hold; ` +
  'deliver them as several mini-batches, or raise the setting';

/** Reads every file, until together they hold more lines than they may: those behind are not opened. */
async function readFiles(
  { pool, parallel, limits }: ReadDeps,
  spec: BatchSpec,
  files: readonly RawFile[],
): Promise<ReadFile[]> {
  const options = readerOptionsOf(spec);
  const ofFile = { bytes: limits.fileBytes, lines: limits.lines, keptBytes: keptOfEach(files.length) };
  let lines = 0;
  const read = await mapInOrder(files, parallel, async (raw): Promise<ReadFile | undefined> => {
    if (raw.fault !== undefined) return { is: 'damaged', name: raw.name, why: raw.fault };
    if (lines > limits.lines) return undefined;
    const file = await pool.read({ file: raw, options, limits: ofFile });
    lines += linesOf([file]);
    return file;
  });
  return read.filter((file) => file !== undefined);
}

/**
 * Greatest event_end in [from, to), ms UTC; where there is none, why not, and what to do. Reads every file.
 */
export async function maxEventEndOf(
  deps: ReadDeps,
  spec: BatchSpec,
  files: readonly RawFile[],
  from: number,
  to: number,
): Promise<number | NoEventEnd> {
  const read = await readFiles(deps, spec, files);
  let newest = Number.NEGATIVE_INFINITY;
  let newestOfAll = Number.NEGATIVE_INFINITY;
  for (const file of read) {
    if (file.is === 'damaged') continue;
    for (const flows of file.flows.chunks) {
      for (let row = 0; row < flows.length; row++) {
        const instant = flowNumber(flows, row, 'end');
        if (instant > newestOfAll && instant <= LAST_INSTANT) newestOfAll = instant;
        if (instant >= from && instant < to && instant > newest) newest = instant;
      }
    }
  }
  if (newest > Number.NEGATIVE_INFINITY) return newest;
  return {
    none: newestOfAll > Number.NEGATIVE_INFINITY ? otherDays(newestOfAll, from, to) : whyNoEventEnd(read, spec),
  };
}

/** Of those that a calendar can name. */
const LAST_INSTANT = 8.64e15;

const otherDays = (newest: number, from: number, to: number): string =>
  `no record has an event_end from ${formatInstant(from)} to ${formatInstant(to)}, a day around the date of its path; the ` +
  `newest is ${formatInstant(newest)}; correct the date of the folder or the clock of the source, or ${GIVE_AT}`;

/** Of files in which no record has an event_end: a time given by hand would only hide what is wrong with them. */
function whyNoEventEnd(read: readonly ReadFile[], spec: BatchSpec): string {
  const damaged = read.flatMap((file) => (file.is === 'damaged' ? [file] : []));
  const whole = read.flatMap((file) => (file.is === 'read' ? [file] : []));
  const files = whole.map(({ flows }) => flows);
  if (linesOf(read) === 0) {
    const empty = whole.map(({ name }) => `${name}: holds no line`);
    const why = [...damaged.map(({ name, why }) => `${name}: ${why}`), ...empty];
    return `no file has a record: ${firstOf(why)}; look whether its source wrote any`;
  }
  const counts = noCounts();
  addCounts(files, counts);
  const fault = inputFault(files, counts, spec, 1) ?? unreadableFields(whole, spec, 1).fault;
  if (fault !== undefined) return fault;
  const left = Object.entries(counts).filter(([, count]) => count > 0);
  const why = left.length === 0 ? '' : ` (${left.map(([rule, count]) => `${rule} ${count}`).join(', ')})`;
  const others =
    damaged.length === 0 ? '' : `; ${damaged.length} files cannot be read, the first is ${damaged[0]!.name}`;
  return `no record of ${linesOf(read)} lines${why} has ${sourceOf(spec, 'event_end')}${others}; correct the source, or ${GIVE_AT}`;
}
