import { access, constants, readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { formatInstant } from '../operators/time.ts';
import type { BatchIndex } from '../state/batch-index.ts';
import { codeOf, isMissing } from '../state/durable-file.ts';
import type { Lake } from '../state/lake.ts';
import { type Manifest, readManifest } from '../state/manifest.ts';
import { error, type Finding, info, warning } from './finding.ts';

/** Folders of a home that the program writes into. */
const WRITTEN = ['', 'lake', 'quarantine', 'state', 'state/items', 'state/windows'];

/** Whether the folders of a home can be used; those that are not there yet are made when they are needed. */
export async function* examineFolders(home: string): AsyncGenerator<Finding> {
  for (const [name, mode] of [...WRITTEN.map((name) => [name, WRITE] as const), ['specs', READ] as const]) {
    const fault = await accessFault(join(home, name), mode);
    if (fault === undefined) continue;
    const wanted = mode === WRITE ? 'readable and writable' : 'readable';
    yield error('folders', `${join(home, name)} ${fault}`, `make it a folder that is ${wanted} for this user`);
  }
}

const READ = constants.R_OK | constants.X_OK;
const WRITE = READ | constants.W_OK;

async function accessFault(folder: string, mode: number): Promise<string | undefined> {
  try {
    if (!(await stat(folder)).isDirectory()) return 'is a file';
    await access(folder, mode);
    return undefined;
  } catch (cause) {
    return isMissing(cause) ? undefined : `cannot be used (${codeOf(cause) ?? String(cause)})`;
  }
}

const LEAST_NODE = 24;

export function examineRuntime(node: string): Finding {
  const major = Number.parseInt(node, 10);
  if (major >= LEAST_NODE) return info('node', `Node ${node}`);
  return error(
    'node',
    `Node ${node} runs this, ${LEAST_NODE} or later is needed`,
    'start it as bin/ndr, which brings its own',
  );
}

const GIB = 2 ** 30;
/** Below this the next mini-batches may not find room. */
const SCARCE_BYTES = GIB / 4;
const FEW_DAYS = 3;
const MINI_BATCHES_PER_DAY = 96;

/** Free space, and for how many days it will do at the newest mini-batch's size. */
export async function examineDisk(
  home: string,
  newest: Manifest | undefined,
  callOf: (args: string) => string,
): Promise<Finding> {
  const { bavail, bsize } = await statfs(home);
  const free = bavail * bsize;
  const perDay = MINI_BATCHES_PER_DAY * bytesOf(newest);
  const days = perDay > 0 ? free / perDay : Number.POSITIVE_INFINITY;
  const lasts = Number.isFinite(days) ? `, ${Math.floor(days)} days at the newest mini-batch's size` : '';
  const what = `${(free / GIB).toFixed(1)} GiB are free where the home lies${lasts}`;
  const remedy = `${callOf('retain --dry-run')} says what is past its retention; else move the home to a larger disk`;
  if (free < SCARCE_BYTES) return error('disk', what, remedy);
  return days < FEW_DAYS || free < GIB ? warning('disk', what, remedy) : info('disk', what);
}

function bytesOf(manifest: Manifest | undefined): number {
  const files = Object.values(manifest?.datasets ?? {}).flatMap((dataset) => dataset.files);
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** How far clocks may differ before it matters, ms. */
const CLOCK_MS = 120_000;
const SLICE_AHEAD_MS = 900_000;

/** Whether data seem to come from the future, which is what a wrong clock looks like. */
export async function* examineClock(newest: Manifest | undefined, nowMs: number): AsyncGenerator<Finding> {
  if (newest === undefined) return;
  const sliceEnd = Date.parse(newest.slice.slice_end_ts);
  const remedy = 'set the clock of this machine, or of what writes the logs (timedatectl)';
  const now = formatInstant(nowMs);
  if (sliceEnd > nowMs + SLICE_AHEAD_MS) {
    const what = `the newest committed slice ends ${formatInstant(sliceEnd)}, but it is ${now} here`;
    yield warning('clock', what, remedy);
  }
  for (const { key } of newest.inputs) {
    const modified = await stat(key).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    );
    if (modified <= nowMs + CLOCK_MS) continue;
    yield warning('clock', `${key} is dated ${formatInstant(modified)}, but it is ${now} here`, remedy);
    return;
  }
}

/** The manifest of the newest committed mini-batch; undefined where there is none, or none that can be read. */
export async function newestManifest(
  index: BatchIndex,
  lake: Lake,
  project: string,
  version: string,
): Promise<Manifest | undefined> {
  try {
    const newest = await index.newestCommitted(project, version);
    return newest === undefined ? undefined : await readManifest(lake, newest.manifest);
  } catch {
    // Going through the index meets it again, and tells.
    return undefined;
  }
}

export interface FolderSize {
  readonly files: number;
  readonly bytes: number;
}

export async function sizeOf(folder: string): Promise<FolderSize> {
  let [files, bytes] = [0, 0];
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    files++;
    bytes += await stat(join(entry.parentPath, entry.name)).then(
      ({ size }) => size,
      () => 0,
    );
  }
  return { files, bytes };
}
