import type { Reprocessing } from './reprocessing.ts';
import type { StreamName } from './stream-name.ts';
import type { Stream } from './take-mini-batch.ts';

/** A stream, with the one thing that it does at a time. Instants are ms UTC. */
export interface Lane {
  readonly name: StreamName;
  stream: Stream | undefined;
  reprocessing: Reprocessing | undefined;
  running: Promise<void> | undefined;
  runningBytes: number;
  /** What runs is a mini-batch. */
  isComputing: boolean;
  /** When one that was ready began last; 0: none did. */
  begunAt: number;
  refreshDue: number;
  sweepDue: number;
  hasRefreshed: boolean;
  openDue: number;
  /** What was told last of specs that cannot be read. */
  fault: string;
  /** When a mini-batch of it ended last that met no error. */
  wentWellAt: number;
}

export const openLane = (name: StreamName, now: number, sweepMs: number): Lane => ({
  name,
  stream: undefined,
  reprocessing: undefined,
  running: undefined,
  runningBytes: 0,
  isComputing: false,
  begunAt: 0,
  refreshDue: now,
  sweepDue: now + sweepMs,
  hasRefreshed: false,
  openDue: now,
  fault: '',
  wentWellAt: Number.NEGATIVE_INFINITY,
});
