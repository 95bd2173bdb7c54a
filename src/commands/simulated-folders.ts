import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { formatInstant } from '../operators/time.ts';
import { createLineWriter, type LineWriter } from '../simulation/line-writer.ts';
import type { DeliveredRecords, OfficeOptions, OfficeTraffic } from '../simulation/office.ts';

/** What the folders' names say: the end of the slice. */
export const ID_PATTERN = '{yyyy}{mm}{dd}T{HH}{MM}';
const UNFINISHED = '_unfinished';
/** Files that are compressed or written at once, each held in memory. */
const FILES_AT_ONCE = 4;
const compress = promisify(gzip);

/** Name of the mini-batch of the slice that ends at an instant. */
function simulatedId(sliceEnd: number): string {
  const [day, time] = formatInstant(sliceEnd).split('T') as [string, string];
  return `${day}T${time.slice(0, 5)}`.replaceAll(/[-:]/g, '');
}

/** `<root>/YYYY/MM/DD/<id>` */
export function simulatedFolder(root: string, sliceEnd: number): string {
  return join(root, ...formatInstant(sliceEnd).slice(0, 10).split('-'), simulatedId(sliceEnd));
}

/**
 * What the content of a slice depends on, beside the slice: an office without incidents can be gone on with, another time, for
 * more slices; where incidents lie depends on all of it.
 */
export function simulationKey({ start, slices, incidents = [], ...office }: OfficeOptions): object {
  return incidents.length === 0 ? office : { start, slices, incidents, ...office };
}

export interface FileLayout {
  readonly linesPerFile: number;
  /** Not compressed. */
  readonly isPlain: boolean;
}

export interface WrittenTraffic {
  readonly miniBatches: number;
  readonly lines: number;
  /** Before compression. */
  readonly bytes: number;
}

/**
 * Writes deliveries as folders, as a forwarder would; one that is there already stays as it is. Each appears whole or not at
 * all. While some files are compressed and written, the next one is made. Ends early on a stop.
 */
export async function writeDeliveries(
  { plan, deliveries, recordsOf }: OfficeTraffic,
  root: string,
  layout: FileLayout,
  stop: AbortSignal,
  onDelivery: (done: number, written: WrittenTraffic) => void,
): Promise<WrittenTraffic> {
  const writer = createLineWriter(plan.book.kinds);
  const written = { miniBatches: 0, lines: 0, bytes: 0 };
  for (const [done, delivery] of deliveries.entries()) {
    if (stop.aborted) break;
    onDelivery(done, written);
    const folder = simulatedFolder(root, delivery.end);
    if (await isThere(folder)) continue;
    const records = recordsOf(delivery);
    const unfinished = join(root, UNFINISHED);
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { recursive: true });
    written.bytes += await writeParts(unfinished, writer, records, layout);
    await mkdir(dirname(folder), { recursive: true });
    await rename(unfinished, folder);
    written.miniBatches++;
    written.lines += records.order.length;
  }
  return written;
}

/** Resolves to the bytes before compression. */
async function writeParts(
  folder: string,
  writer: LineWriter,
  { batch, order }: DeliveredRecords,
  { linesPerFile, isPlain }: FileLayout,
): Promise<number> {
  const underWay = new Set<Promise<void>>();
  let bytes = 0;
  for (let from = 0, part = 0; from < order.length; from += linesPerFile, part++) {
    const lines = writer.write(batch, order, from, Math.min(order.length, from + linesPerFile)).slice();
    bytes += lines.length;
    const name = `part-${part}.json${isPlain ? '' : '.gz'}`;
    const file = writeLines(join(folder, name), lines, isPlain).finally(() => underWay.delete(file));
    underWay.add(file);
    if (underWay.size === FILES_AT_ONCE) await Promise.race(underWay);
  }
  await Promise.all(underWay);
  return bytes;
}

async function writeLines(path: string, lines: Uint8Array, isPlain: boolean): Promise<void> {
  await writeFile(path, isPlain ? lines : await compress(lines));
}

export const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
