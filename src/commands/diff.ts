import { DATASET_KEYS } from '../jobs/dataset-parts.ts';
import { findRevision, type KnownPlace, type KnownRevision } from '../jobs/known-revision.ts';
import { diffRevisions, hasEqualRows } from '../jobs/revision-diff.ts';
import { scope } from '../lifecycle.ts';
import { compareKeys } from '../state/key-order.ts';
import { type Command, type CommandContext, EXIT, isJson, UsageError } from './command.ts';
import { type ComparedMiniBatch, comparedJson, describeCompared } from './diff-report.ts';
import { oneOfFlag, textFlag, wholeFlag } from './flags.ts';
import type { Home } from './home.ts';
import { openKnownHome, openOtherHome } from './known-home.ts';

export const diff: Command = {
  summary:
    'Tell which cells of a mini-batch changed between two revisions or two homes, and which inputs; ends with 1 where any did.',
  usage: 'ndr diff --mini-batch ID [--revision N] [--with M] | ndr diff --with-home DIR [--mini-batch ID]',
  examples: [
    'ndr diff --mini-batch 20260302T1038',
    'ndr diff --mini-batch 20260302T1038 --revision 1 --with 3 --dataset fg_a',
    'ndr diff --home ndr-home --with-home replayed-home --json',
  ],
  flags: {
    'mini-batch': { type: 'string', value: 'ID', doc: 'Mini-batch to compare; with --with-home all, if left out.' },
    revision: { type: 'string', value: 'N', doc: 'The earlier revision (default: the one before --with).' },
    with: { type: 'string', value: 'M', doc: 'The later revision (default: the one that counts).' },
    'with-home': { type: 'string', value: 'DIR', doc: 'Compare with what this home holds of the mini-batch.' },
    dataset: { type: 'string', value: 'NAME', doc: `One of ${Object.keys(DATASET_KEYS).join(', ')} (default: all).` },
    rows: { type: 'string', value: 'N', doc: 'Rows of a dataset told one by one (default 20); all are counted.' },
  },
  run: (context) =>
    scope(async (onExit) => {
      const asked = readCall(context);
      const home = await openKnownHome(context, onExit);
      const other =
        asked.otherHome === null ? home : await openOtherHome(context, onExit, asked.otherHome, '--with-home');
      const report = await compareAll(context, placeOf(home), placeOf(other), asked);
      summarize(context, report);
      const { compared, equal, stopped } = report;
      return compared > 0 && compared === equal && !stopped ? EXIT.done : EXIT.failed;
    }),
};

interface Asked {
  readonly miniBatchId: string | null;
  readonly revision: number | null;
  readonly with: number | null;
  readonly otherHome: string | null;
  readonly dataset: string | null;
  readonly mostRows: number;
}

function readCall(context: CommandContext): Asked {
  const asked: Asked = {
    miniBatchId: textFlag(context, 'mini-batch') ?? null,
    revision: wholeFlag(context, 'revision', 1) ?? null,
    with: wholeFlag(context, 'with', 1) ?? null,
    otherHome: textFlag(context, 'with-home') ?? null,
    dataset: oneOfFlag(context, 'dataset', Object.keys(DATASET_KEYS)) ?? null,
    mostRows: wholeFlag(context, 'rows', 0) ?? 20,
  };
  if (asked.miniBatchId === null && asked.otherHome === null)
    throw new UsageError('--mini-batch: is missing; give the id of a mini-batch, or a second home with --with-home');
  if (asked.miniBatchId === null && (asked.revision !== null || asked.with !== null))
    throw new UsageError('--revision, --with: are revisions of one mini-batch; give --mini-batch too');
  return asked;
}

const placeOf = ({ deps: { lake, index }, spec }: Home): KnownPlace => ({
  lake,
  index,
  project: spec.project,
  version: spec.featureSpecVersion,
});

interface DiffReport {
  readonly compared: number;
  readonly equal: number;
  readonly stopped: boolean;
}

async function compareAll(context: CommandContext, a: KnownPlace, b: KnownPlace, asked: Asked): Promise<DiffReport> {
  const { terminal, stop } = context;
  const ids = asked.miniBatchId === null ? await idsOf(a, b) : [asked.miniBatchId];
  if (ids.length === 0) throw new UsageError('--with-home: neither home holds a committed mini-batch of the project');
  let [compared, equal] = [0, 0];
  for (const id of ids) {
    if (stop.aborted) break;
    terminal.progress(`${compared} of ${ids.length} mini-batches compared, ${compared - equal} differ`);
    const outcome = await compareOne(a, b, id, asked);
    compared++;
    if (outcome.is === 'compared' && hasEqualRows(outcome.diff)) equal++;
    // Of hundreds that are equal, one line each would hide the others.
    if (ids.length === 1 || outcome.is !== 'compared' || !hasEqualRows(outcome.diff)) {
      for (const line of isJson(context) ? [comparedJson(outcome)] : describeCompared(outcome)) terminal.out(line);
    }
  }
  terminal.progress('');
  return { compared, equal, stopped: compared < ids.length };
}

async function compareOne(
  a: KnownPlace,
  b: KnownPlace,
  miniBatchId: string,
  { revision, with: later, otherHome, dataset, mostRows }: Asked,
): Promise<ComparedMiniBatch> {
  const right = await findRevision(b, miniBatchId, later);
  if (right.is === 'unknown') return unknownOf(miniBatchId, right, otherHome);
  const earlier = revision ?? (otherHome === null ? right.manifest.revision - 1 : null);
  if (earlier === 0) {
    const why = `mini-batch ${miniBatchId} has one revision only: there is nothing to compare it with`;
    return { is: 'unknown', miniBatchId, why };
  }
  const left = await findRevision(a, miniBatchId, earlier);
  if (left.is === 'unknown') return unknownOf(miniBatchId, left, otherHome);
  const held = [
    { lake: a.lake, manifest: left.manifest },
    { lake: b.lake, manifest: right.manifest },
  ] as const;
  return {
    is: 'compared',
    miniBatchId,
    a: left.manifest.revision,
    b: right.manifest.revision,
    diff: await diffRevisions(...held, { dataset, mostRows }),
  };
}

/** What one of two homes lacks is a difference; what was never there is a wrong call. */
function unknownOf(
  miniBatchId: string,
  { why, neverWas }: Extract<KnownRevision, { is: 'unknown' }>,
  otherHome: string | null,
): ComparedMiniBatch {
  if (neverWas && otherHome === null) throw new UsageError(`--mini-batch, --revision, --with: ${why}`);
  return { is: 'unknown', miniBatchId, why };
}

/** Mini-batches that either home has committed, in their order. */
async function idsOf(...places: readonly KnownPlace[]): Promise<string[]> {
  const sliceEnds = new Map<string, number>();
  for (const { index, project, version } of places) {
    const all = await index.committedBetween(project, version, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
    for (const { miniBatchId, sliceEnd } of all) if (!sliceEnds.has(miniBatchId)) sliceEnds.set(miniBatchId, sliceEnd);
  }
  return [...sliceEnds].sort(([idA, a], [idB, b]) => a - b || compareKeys(idA, idB)).map(([id]) => id);
}

function summarize(context: CommandContext, { compared, equal, stopped }: DiffReport): void {
  const { terminal } = context;
  if (isJson(context)) terminal.out(JSON.stringify({ summary: { compared, equal, different: compared - equal } }));
  else if (compared > 1) terminal.out(`${compared} mini-batches compared: ${equal} equal, ${compared - equal} not`);
  if (stopped) terminal.note('stopped before the end');
}
