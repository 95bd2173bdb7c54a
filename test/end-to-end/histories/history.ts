/** One random history of a project, from its first delivery to the laws at its end. */

import { existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCourse } from './course.ts';
import { finish } from './ending.ts';
import type { Tally } from './ledger.ts';
import type { Ending, Operation } from './operations.ts';
import { apply } from './steps.ts';
import type { World } from './world.ts';

export interface History {
  readonly world: World;
  readonly operations: readonly Operation[];
  readonly ending: Ending;
}

export interface HistoryReport {
  /** None where every law held. */
  readonly faults: readonly string[];
  readonly tally: Tally;
}

/** In memory where there is room: most of a history's time would be a disk that is told to keep what is thrown away. */
const MEMORY = '/dev/shm';
const ROOM = 40e6;
const PLACE = existsSync(MEMORY) && roomIn(MEMORY) > ROOM ? MEMORY : tmpdir();

function roomIn(place: string): number {
  const { bavail, bsize } = statfsSync(place);
  return bavail * bsize;
}

export async function runHistory({ world, operations, ending }: History): Promise<HistoryReport> {
  const folder = mkdtempSync(join(PLACE, 'ndr-history-'));
  try {
    const course = openCourse(join(folder, 'home'), join(folder, 'raw'), world);
    const { faults, tally } = course;
    for (const operation of operations) {
      await apply(course, world, operation);
      if (faults.length > 0) return { faults, tally };
    }
    return { faults: await finish(course, world, ending, join(folder, 'in-order')), tally };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
