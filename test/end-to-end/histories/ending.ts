/** How a history ends: what was delivered is taken, what it affected is published again, and then the laws hold. */

import { join } from 'node:path';
import { contentOf, filesBelow, traceOf, unfinishedIn } from '../../support/folder-content.ts';
import { type Course, instant, openCourse } from './course.ts';
import { lose } from './damage.ts';
import { asKnownFaults, differentFiles, judgedFaults, outputsOf } from './laws.ts';
import { count, type Known } from './ledger.ts';
import type { Conditions, Ending } from './operations.ts';
import { NOISE, type PlannedMiniBatch, type World } from './world.ts';

const PLAIN: Conditions = { shards: 1, threads: 1, reprocess: true, lateHours: 24 };

/** Returns what broke a law. `place`: a folder for a home that is filled in order. */
export async function finish(course: Course, world: World, ending: Ending, place: string): Promise<string[]> {
  const { home, committed, tally } = course;
  const { run } = ending;
  await takeAll(course, world, ending.by, run);
  if (course.faults.length > 0) return course.faults;
  const final = committed();
  if (final.size === 0) return [];
  const reference = join(place, 'home');
  const inOrder = await fillInOrder(reference, join(place, 'raw'), course, world, ending);
  if (inOrder.length > 0) return inOrder.map((fault) => `in order: ${fault}`);

  const asKnown = asKnownFaults(home, reference, world.parameters, final, course.knownAt);
  count(tally, 'mini-batches', final.size);
  count(tally, 'mini-batches whose lookback stood as known', asKnown.stale);
  if (asKnown.faults.length > 0) return asKnown.faults.map((fault) => `published again: ${fault}`);

  const ends = [...final.values()].map(({ sliceEnd }) => sliceEnd);
  await course.replay({ from: instant(Math.min(...ends)), to: instant(Math.max(...ends) + 1000) }, run);
  const replayed = differentFiles(home, reference).map((fault) => `replayed: ${fault}`);
  return [...course.faults, ...(replayed.length > 0 ? replayed : await repeatedFaults(course, world.miniBatches[0]!))];
}

/** Takes what was delivered and is not committed as it is now, then whatever is affected. */
async function takeAll(course: Course, { miniBatches }: World, by: Ending['by'], run: Conditions): Promise<void> {
  if (course.delivered().size === 0) course.deliver(miniBatches[0]!, 1);
  if (by === 'backfill') {
    await course.take('all', miniBatches[0]!, { ...run, reprocess: true });
    const left = await course.replay({ affected: true }, run);
    if (left.length > 0) course.faults.push(`a backfill of everything left ${left.join(', ')} affected`);
    return;
  }
  for (const [id, delivered] of [...course.delivered()]) {
    if (course.committed().get(id) === delivered) continue;
    await course.take('folder', miniBatches.find((one) => one.id === id)!, run);
  }
  await course.replay({ affected: true }, run);
  const left = await course.replay({ affected: true }, run);
  if (left.length > 0) course.faults.push(`a replay of what is affected left ${left.join(', ')}`);
}

/**
 * Fills a home in order. When the first mini-batches are computed nothing later exists; raw files are gone once they are
 * committed. Returns what is not as the judge says, and what changed in the first when the others came.
 */
async function fillInOrder(
  home: string,
  raw: string,
  { committed, filesOf }: Course,
  { miniBatches, parameters }: World,
  { first, isLossy }: Ending,
): Promise<string[]> {
  const own = openCourse(home, raw, { parameters });
  const final = committed();
  const ordered = inOrder(final);
  const split = 1 + (first % ordered.length);
  const fill = async (ids: readonly string[]): Promise<void> => {
    for (const id of ids) {
      const planned = miniBatches.find((one) => one.id === id)!;
      const { sliceEnd, batchEnd } = final.get(id)!;
      own.deliver(planned, filesOf(id));
      await own.settle(planned, sliceEnd, (batchEnd - sliceEnd) / 60_000, PLAIN);
      own.forget(planned);
    }
  };
  await fill(ordered.slice(0, split));
  const early = contentOf(join(home, 'lake'));
  if (isLossy) lose(home, { is: 'loss', of: 'all state', which: 0 });
  await fill(ordered.slice(split));
  const late = contentOf(join(home, 'lake'));
  const changed = Object.keys(early).filter((path) => early[path] !== late[path]);
  const isEarly = (path: string): boolean => ordered.slice(0, split).some((id) => path.includes(`batch=${id}/`));
  const added = Object.keys(late).filter((path) => isEarly(path) && !(path in early));
  const faults = [...changed, ...added].map((path) => `${path} changed when later mini-batches came`);
  return [...own.faults, ...faults, ...judgedFaults(home, outputsOf(parameters, final))];
}

const inOrder = (known: Known): string[] =>
  [...known.values()].sort((a, b) => a.sliceEnd - b.sliceEnd || (a.id < b.id ? -1 : 1)).map(({ id }) => id);

/** Once more changes nothing, and nothing unfinished is left. */
async function repeatedFaults(course: Course, any: PlannedMiniBatch): Promise<string[]> {
  const before = traceOf(course.home);
  const computed = await course.take('all', any, PLAIN);
  const after = traceOf(course.home);
  // Other bytes with the same rows are read again by every run, which may put blocks back that were not there.
  const isBlock = (path: string): boolean => computed.length > 0 && /^state\/(windows|lookback)\//.test(path);
  // A mini-batch that fails is tried by every run, and fails anew.
  const isFailure = (path: string): boolean => path.includes(`-${NOISE}`);
  const isLeft = (path: string): boolean => !isBlock(path) && !isFailure(path);
  const changed = Object.keys({ ...before, ...after }).filter((path) => isLeft(path) && before[path] !== after[path]);
  const scratch = filesBelow(join(course.home, 'state', 'scratch'));
  return [
    ...computed.filter((id) => !course.hasOtherBytes(id)).map((id) => `a second backfill computed ${id} again`),
    ...changed.map((path) => `a second backfill changed ${path}`),
    ...[...unfinishedIn(course.home), ...scratch].map((path) => `${path} was left unfinished`),
  ];
}
