import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { formatInstant } from '../operators/time.ts';
import type { Incident } from '../simulation/incidents.ts';
import { officeTraffic, SLICE_MS } from '../simulation/office.ts';

/** Half a working day of an office, the same on every machine. */
export const OFFICE = { seed: 1, hosts: 120, slices: 48, start: Date.UTC(2026, 2, 2, 7, 8) };
export const OFFICE_HOURS = (OFFICE.slices * SLICE_MS) / 3_600_000;
/** What the folders' names say. */
export const ID_PATTERN = '{yyyy}{mm}{dd}T{HH}{MM}';
const LINES_PER_FILE = 1000;

export interface OfficeDay {
  readonly incidents: readonly Incident[];
  /** Folders of the day's mini-batches below an inbox, in order. */
  foldersIn(inbox: string): string[];
  /** Writes them, as a forwarder would. A folder that is there already stays as it is. Ends early on a stop. */
  writeTo(inbox: string, stop: AbortSignal, onSlice: (done: number) => void): Promise<void>;
}

export function officeDay(): OfficeDay {
  const traffic = officeTraffic(OFFICE);
  const ends = Array.from({ length: OFFICE.slices }, (_, i) => OFFICE.start + (i + 1) * SLICE_MS);
  return {
    incidents: traffic.incidents,
    foldersIn: (inbox) => ends.map((end) => folderOf(inbox, end)),
    async writeTo(inbox, stop, onSlice) {
      const there = await Promise.all(ends.map((end) => isThere(folderOf(inbox, end))));
      // To make the lines takes longer than to see that they were made.
      if (there.every(Boolean)) return;
      for (const { index, end, lines } of traffic.slices) {
        if (stop.aborted) return;
        onSlice(index);
        if (!there[index]) await writeSlice(inbox, folderOf(inbox, end), lines);
      }
    },
  };
}

function folderOf(inbox: string, end: number): string {
  const [day, time] = formatInstant(end).split('T') as [string, string];
  const id = `${day}T${time.slice(0, 5)}`.replaceAll(/[-:]/g, '');
  return join(inbox, ...day.split('-'), id);
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Appears whole or not at all. */
async function writeSlice(inbox: string, folder: string, lines: readonly string[]): Promise<void> {
  const unfinished = join(inbox, '_unfinished');
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  for (let start = 0; start < lines.length; start += LINES_PER_FILE) {
    const part = `${lines.slice(start, start + LINES_PER_FILE).join('\n')}\n`;
    await writeFile(join(unfinished, `part-${start / LINES_PER_FILE}.json.gz`), gzipSync(part));
  }
  await mkdir(dirname(folder), { recursive: true });
  await rename(unfinished, folder);
}
