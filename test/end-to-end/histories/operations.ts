/** What may happen to a project while it is filled. Numbers stand for one of what there is by then, counted around. */

import fc from 'fast-check';

export interface Conditions {
  readonly shards: number;
  readonly threads: number;
  /** Whether what late data affects is published again at once. */
  readonly reprocess: boolean;
  /** Hours that window state keeps beyond a day. */
  readonly lateHours: number;
}

/** Folders that a run takes: every one there is; those of one slice; one. */
export type Reach = 'all' | 'slice' | 'folder';

export interface Run extends Conditions {
  readonly over: Reach;
}

export const LOSSES = ['windows', 'days', 'bases', 'all state', 'one block', 'every other block', 'scratch'] as const;
export const DAMAGES = ['a flipped bit', 'cut short', 'emptied', 'zeros at its end'] as const;
export const REPETITIONS = ['touched', 'copied onto itself', 'compressed anew'] as const;

export type Operation =
  /** Its run follows; null: it comes with others, and waits for a run. */
  | { readonly is: 'delivery'; readonly which: number; readonly files: number; readonly run: Run | null }
  | { readonly is: 'late file'; readonly which: number; readonly run: Run | null }
  | {
      readonly is: 'repetition';
      readonly which: number;
      readonly how: (typeof REPETITIONS)[number];
      readonly run: Run;
    }
  | { readonly is: 'loss'; readonly of: (typeof LOSSES)[number]; readonly which: number }
  | { readonly is: 'damage'; readonly how: (typeof DAMAGES)[number]; readonly which: number; readonly at: number }
  | {
      readonly is: 'replay';
      readonly of: 'one' | 'range' | 'affected';
      readonly which: number;
      readonly run: Conditions;
    }
  /** Announced anew so many quarters later, or earlier, and so many minutes after that slice's end. */
  | {
      readonly is: 'move';
      readonly which: number;
      readonly quarters: number;
      readonly minutes: number;
      readonly run: Conditions;
    }
  /** Lost, and restored from the manifests. */
  | { readonly is: 'index lost'; readonly run: Conditions }
  /** Superseded files are removed. */
  | { readonly is: 'sweep'; readonly run: Conditions };

const conditions = {
  shards: fc.constantFrom(1, 1, 1, 3, 3, 16),
  // Threads take half a second to start.
  threads: fc.oneof({ weight: 24, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.constantFrom(2, 4) }),
  reprocess: fc.constantFrom(true, true, false),
  lateHours: fc.constantFrom(24, 24, 0, 2),
};
const which = fc.nat({ max: 999 });
const run = fc.record({ ...conditions, over: fc.constantFrom<Reach>('all', 'all', 'slice', 'folder') });
const runOrNot = fc.oneof({ weight: 4, arbitrary: run }, { weight: 1, arbitrary: fc.constant(null) });

const delivery = fc.record({ is: fc.constant('delivery'), which, files: fc.constantFrom(1, 1, 2, 3), run: runOrNot });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 14, arbitrary: delivery },
  { weight: 3, arbitrary: fc.record({ is: fc.constant('late file'), which, run: runOrNot }) },
  {
    weight: 1,
    arbitrary: fc.record({ is: fc.constant('repetition'), which, how: fc.constantFrom(...REPETITIONS), run }),
  },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('loss'), of: fc.constantFrom(...LOSSES), which }) },
  {
    weight: 2,
    arbitrary: fc.record({
      is: fc.constant('damage'),
      how: fc.constantFrom('a flipped bit', ...DAMAGES),
      which,
      at: which,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      is: fc.constant('replay'),
      of: fc.constantFrom('one', 'range', 'affected'),
      which,
      run: fc.record(conditions),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      is: fc.constant('move'),
      which,
      quarters: fc.constantFrom(-97, -33, -4, -1, 0, 1, 3, 96),
      minutes: fc.constantFrom(0, 1, 14),
      run: fc.record(conditions),
    }),
  },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('index lost'), run: fc.record(conditions) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('sweep'), run: fc.record(conditions) }) },
);

/** How a history ends: what was delivered is taken, and what late data affected is published again. */
export interface Ending {
  /** `backfill` does both; `folders`: folders one by one, then a replay of all that is affected. */
  readonly by: 'backfill' | 'folders';
  readonly run: Conditions;
  /** Mini-batches that a home filled in order is given first, before anything later exists. */
  readonly first: number;
  /** Whether that home loses its state in between. */
  readonly isLossy: boolean;
}

export const anyOperations = fc.array(operation, { minLength: 5, maxLength: 13, size: 'max' });
export const anyEnding: fc.Arbitrary<Ending> = fc.record({
  by: fc.constantFrom('backfill', 'folders', 'folders'),
  run: fc.record(conditions),
  first: which,
  isLossy: fc.boolean(),
});
