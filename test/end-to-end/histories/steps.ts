/** The operations of a history, carried out. */

import { QUARTER } from '../../operators/product-options.ts';
import { type Course, instant } from './course.ts';
import { damage, lose } from './damage.ts';
import { count } from './ledger.ts';
import type { Operation } from './operations.ts';
import type { PlannedMiniBatch, World } from './world.ts';

/** The one that a number stands for; undefined where there is none. */
const choose = <T>(among: readonly T[], which: number): T | undefined => among[which % (among.length || 1)];

const nameOf = (operation: Operation): string => {
  if (operation.is === 'loss' || operation.is === 'replay') return `${operation.is} of ${operation.of}`;
  return 'how' in operation ? `${operation.is}: ${operation.how}` : operation.is;
};

export async function apply(course: Course, world: World, operation: Operation): Promise<void> {
  if (await isDone(course, world, operation)) count(course.tally, `operation: ${nameOf(operation)}`);
}

/** False if there was nothing to do it with. */
async function isDone(course: Course, { miniBatches }: World, operation: Operation): Promise<boolean> {
  const isThere = ({ id }: PlannedMiniBatch): boolean => course.filesOf(id) > 0;
  const there = miniBatches.filter(isThere);
  switch (operation.is) {
    case 'delivery':
    case 'late file': {
      const isNew = operation.is === 'delivery';
      const incomplete = there.filter(({ id, files }) => course.filesOf(id) < files.length);
      const next = choose(isNew ? miniBatches.filter((one) => !isThere(one)) : incomplete, operation.which);
      if (next === undefined) return false;
      course.deliver(next, course.filesOf(next.id) + (isNew ? operation.files : 1));
      if (operation.run !== null) await course.take(operation.run.over, next, operation.run);
      return true;
    }
    case 'repetition': {
      const again = choose(there, operation.which);
      if (again === undefined) return false;
      course.repeat(again, operation.how);
      await course.take(operation.run.over, again, operation.run);
      return true;
    }
    case 'move': {
      const moved = choose(there, operation.which);
      if (moved === undefined) return false;
      const { sliceEnd } = course.delivered().get(moved.id)!;
      await course.settle(moved, sliceEnd + operation.quarters * QUARTER, operation.minutes, operation.run);
      return true;
    }
    case 'replay':
      return replaySome(course, operation);
    case 'loss':
      return lose(course.home, operation);
    case 'damage':
      return damage(course.home, operation);
    default:
      if (course.committed().size === 0) return false;
      await (operation.is === 'index lost' ? course.loseIndex(operation.run) : course.sweep(operation.run));
      return true;
  }
}

async function replaySome(course: Course, { of, which, run }: Extract<Operation, { is: 'replay' }>): Promise<boolean> {
  const committed = [...course.committed().values()];
  const one = choose(committed, which);
  if (one === undefined) return false;
  const other = choose(committed, which >> 3)!;
  const ends = [one.sliceEnd, other.sliceEnd].sort((a, b) => a - b);
  const flags = {
    one: { 'mini-batch': one.id },
    range: { from: instant(ends[0]!), to: instant(ends[1]! + 1000) },
    affected: { affected: true },
  }[of];
  await course.replay(flags, run);
  return true;
}
