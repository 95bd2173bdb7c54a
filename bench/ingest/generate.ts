import { once } from 'node:events';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { seededRandom } from './random.ts';
import { HOSTS, logLine } from './traffic.ts';

/** Raised whenever a line would come out different, so that a cached folder of an earlier shape is not used. */
const SHAPE = 1;
const FILES = 8;
const MINI_BATCH_ID = '20260302T1040';

export interface GeneratedBatch {
  /** The mini-batch folder, `<root>/lines-<n>/paloalto/acme/hq/2026/03/02/<mini_batch_id>`. */
  readonly folder: string;
  readonly files: readonly string[];
  readonly miniBatchId: string;
  readonly lines: number;
  readonly bytes: number;
}

interface Description {
  readonly shape: number;
  readonly lines: number;
  readonly bytes: number;
}

/**
 * The mini-batch of so many lines under `root`: 8 gzip files of about 556 bytes a line and 24 fields. Written once and reused; the same
 * number of lines gives the same bytes.
 */
export async function generatedBatch(root: string, lines: number, hosts = HOSTS): Promise<GeneratedBatch> {
  const place = hosts === HOSTS ? `lines-${lines}` : `lines-${lines}-hosts-${hosts}`;
  const folder = join(root, place, 'paloalto', 'acme', 'hq', '2026', '03', '02', MINI_BATCH_ID);
  const description = (await cachedDescription(folder)) ?? (await writeBatch(folder, lines, hosts));
  const names = (await readdir(folder)).filter((name) => !name.startsWith('_')).sort();
  return {
    folder,
    files: names.map((name) => join(folder, name)),
    miniBatchId: MINI_BATCH_ID,
    lines,
    bytes: description.bytes,
  };
}

const descriptionPath = (folder: string): string => join(folder, '_generated.json');

async function cachedDescription(folder: string): Promise<Description | undefined> {
  if (!existsSync(descriptionPath(folder))) return undefined;
  const description = JSON.parse(await readFile(descriptionPath(folder), 'utf8')) as Description;
  return description.shape === SHAPE ? description : undefined;
}

async function writeBatch(folder: string, lines: number, hosts: number): Promise<Description> {
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  const share = (file: number): number => Math.floor(((file + 1) * lines) / FILES) - Math.floor((file * lines) / FILES);
  const sizes = await Promise.all(
    Array.from({ length: FILES }, (_, file) =>
      writeFlows(join(partial, `traffic-${file}.json.gz`), file, share(file), hosts),
    ),
  );
  const description = { shape: SHAPE, lines, bytes: sizes.reduce((sum, size) => sum + size, 0) };
  await writeFile(descriptionPath(partial), `${JSON.stringify(description)}\n`);
  await mkdir(dirname(folder), { recursive: true });
  await rename(partial, folder);
  return description;
}

/** Writes one file; resolves to its size before compression. */
async function writeFlows(path: string, file: number, lines: number, hosts: number): Promise<number> {
  const random = seededRandom(1_000 + file);
  const gzip = createGzip({ level: 6, chunkSize: 1 << 18 });
  const written = pipeline(gzip, createWriteStream(path));
  let bytes = 0;
  const block: string[] = [];
  for (let line = 0; line < lines; line++) {
    block.push(logLine(random, line / lines, 100_000_000 * (file + 1) + line, hosts), '\n');
    if (block.length < 2_048 && line + 1 < lines) continue;
    const text = block.join('');
    block.length = 0;
    bytes += text.length; // every character is ASCII
    if (!gzip.write(text)) await once(gzip, 'drain');
  }
  gzip.end();
  await written;
  return bytes;
}
