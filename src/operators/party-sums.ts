import { WINDOW_NAMES } from './metrics.ts';

/** Hears of every party in every window that has it. `before`: its sessions in that window's lookback. */
export type TakeParty = (place: number, window: number, before: number) => void;

/**
 * Sessions of the parties of one host: peers, or ports, or pairs of both. Windows are closed from the shortest to the
 * longest, while sessions are added from the newest slice to the oldest. Reusable scratch.
 */
export interface PartySums {
  /** By place: sessions in the windows so far; of days before today; of the oldest day; 0 at first. Renewed by `append`. */
  sessions: Float64Array;
  past: Float64Array;
  oldest: Float64Array;
  count: number;
  /** Place of one more party. */
  append(): number;
  clear(): void;
  /** Says that the slices added so far are today's. */
  closeToday(): void;
  /** Says that the slices added so far are those of the window. */
  closeWindow(window: number): void;
  /** @param reachesOldest by window: whether its lookback holds the oldest day. */
  compare(reachesOldest: readonly boolean[], take: TakeParty): void;
}

export function createPartySums(): PartySums {
  let capacity = 1024;
  const column = (): Float64Array => new Float64Array(capacity);
  let inside = WINDOW_NAMES.map(column);
  const countAt = WINDOW_NAMES.map(() => 0);

  const widen = (): void => {
    capacity *= 2;
    const wider = (narrow: Float64Array): Float64Array => {
      const wide = column();
      wide.set(narrow);
      return wide;
    };
    sums.sessions = wider(sums.sessions);
    sums.past = wider(sums.past);
    sums.oldest = wider(sums.oldest);
    inside = inside.map(wider);
  };

  const sums: PartySums = {
    sessions: column(),
    past: column(),
    oldest: column(),
    count: 0,
    append() {
      if (sums.count === capacity) widen();
      return sums.count++;
    },
    clear() {
      for (const column of [sums.sessions, sums.past, sums.oldest]) column.fill(0, 0, sums.count);
      sums.count = 0;
      countAt.fill(0);
    },
    closeToday() {
      const { count, sessions, past } = sums;
      // A window's own sessions are taken off again in `compare`, and with them those of today that lie in it.
      for (let place = 0; place < count; place++) past[place]! += sessions[place]!;
    },
    closeWindow(window) {
      const { count, sessions } = sums;
      const own = inside[window]!;
      countAt[window] = count;
      for (let place = 0; place < count; place++) own[place] = sessions[place]!;
    },
    compare(reachesOldest, take) {
      const { past, oldest } = sums;
      for (let window = 0; window < inside.length; window++) {
        const own = inside[window]!;
        const count = countAt[window]!;
        const isOldest = reachesOldest[window]!;
        for (let place = 0; place < count; place++) {
          const sessions = own[place]!;
          if (sessions === 0) continue;
          take(place, window, past[place]! + (isOldest ? oldest[place]! : 0) - sessions);
        }
      }
    },
  };
  return sums;
}
