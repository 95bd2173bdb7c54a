import { HOUR_MS } from '../operators/time.ts';
import type { Incident } from '../simulation/incidents.ts';
import { type OfficeOptions, officeTraffic, SLICE_MS } from '../simulation/office.ts';
import { isThere, simulatedFolder, writeDeliveries } from './simulated-folders.ts';

/** Half a working day of an office, the same on every machine. */
export const OFFICE: OfficeOptions = {
  seed: 1,
  hosts: 60,
  slices: 48,
  start: Date.UTC(2026, 2, 2, 7, 8),
  incidents: [{ kind: 'beacon' }, { kind: 'fast_scan' }, { kind: 'exfiltration' }],
};
export const OFFICE_HOURS = (OFFICE.slices * SLICE_MS) / HOUR_MS;
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
  const foldersIn = (inbox: string): string[] => traffic.deliveries.map(({ end }) => simulatedFolder(inbox, end));
  return {
    incidents: traffic.incidents,
    foldersIn,
    async writeTo(inbox, stop, onSlice) {
      // To make the lines takes longer than to see that they were made.
      if ((await Promise.all(foldersIn(inbox).map(isThere))).every(Boolean)) return;
      await writeDeliveries(traffic, inbox, { linesPerFile: LINES_PER_FILE, isPlain: false }, stop, onSlice);
    },
  };
}
