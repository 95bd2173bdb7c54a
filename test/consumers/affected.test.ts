import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { affectedLine } from '../../src/commands/reprocess.ts';
import { isRecent, staleAmong } from '../../src/consumers/affected.ts';
import type { CommittedBatch } from '../../src/state/batch-index.ts';
import { standsOnOf } from '../../src/state/manifest.ts';

const QUARTER = 900_000;
const DAY = 96 * QUARTER;

interface Sketch {
  readonly id: string;
  readonly slice: number;
  readonly content: string;
}

/** What windows of a mini-batch hold, written down once more: those before it whose slice ends less than a day before. */
const standing = (all: readonly Sketch[], one: Sketch): string =>
  standsOnOf(
    all
      .filter(({ slice, id }) => slice < one.slice || (slice === one.slice && id < one.id))
      .filter(({ slice }) => (one.slice - slice) * QUARTER < DAY)
      .map(({ id, content }) => ({ mini_batch_id: id, content })),
  );

const batchOf = ({ id, slice, content }: Sketch, standsOn: string): CommittedBatch => ({
  miniBatchId: id,
  sliceEnd: slice * QUARTER,
  revision: 1,
  manifest: { path: id, sha256: id },
  windowContent: content,
  standsOn,
  affected: null,
});

const inOrder = (all: readonly Sketch[]): Sketch[] =>
  all.toSorted((a, b) => a.slice - b.slice || (a.id < b.id ? -1 : 1));

const history = fc
  .uniqueArray(
    fc.record({ id: fc.stringMatching(/^[a-z]{3}$/), slice: fc.nat(250), content: fc.constantFrom('x', 'y') }),
    { minLength: 2, maxLength: 30, selector: ({ id }) => id },
  )
  .map(inOrder);

describe('what is stale', () => {
  it('is what stands on something else than the index says, a day back and no further', () => {
    fc.assert(
      fc.property(history, fc.nat(), (all, pick) => {
        const stale = (known: readonly Sketch[]): string[] =>
          staleAmong(all.map((one) => batchOf(one, standing(known, one)))).map(({ batch }) => batch.miniBatchId);
        expect(stale(all)).toEqual([]);
        const late = all[pick % all.length]!;
        const isBehind = ({ id, slice }: Sketch): boolean =>
          (slice > late.slice || (slice === late.slice && id > late.id)) && (slice - late.slice) * QUARTER < DAY;
        const behind = all.filter(isBehind).map(({ id }) => id);
        // It came after all others, or brought other content after they were computed.
        expect(stale(all.filter((one) => one !== late))).toEqual(behind);
        expect(stale(all.map((one) => (one === late ? { ...one, content: 'was' } : one)))).toEqual(behind);
      }),
    );
  });

  it('is judged only where the digest is known', () => {
    const [a, b] = [
      { id: 'a', slice: 1, content: 'x' },
      { id: 'b', slice: 2, content: 'x' },
    ] as const;
    expect(staleAmong([batchOf(a, ''), batchOf(b, '')])).toEqual([]);
    expect(staleAmong([batchOf(a, standsOnOf([])), batchOf(b, 'other')])).toEqual([
      { batch: batchOf(b, 'other'), standsOn: standsOnOf([{ mini_batch_id: 'a', content: 'x' }]) },
    ]);
  });
});

it('what came two hours late makes work by itself, what came later does not', () => {
  expect(isRecent({ lateMs: 2 * 3_600_000 })).toBe(true);
  expect(isRecent({ lateMs: 2 * 3_600_000 + QUARTER })).toBe(false);
});

it('what waits is told in one line, with its cause and the remedy', () => {
  expect(affectedLine(['b', 'c'], { by: 'a', lateMs: 3 * 3_600_000 })).toBe(
    '2 mini-batches (b to c) stand as they were before a, which came 3 h 0 min late; publish again: ndr replay --affected',
  );
  expect(affectedLine(['b'], { by: 'a', lateMs: 0 })).toContain('b stands as it was before a');
});
