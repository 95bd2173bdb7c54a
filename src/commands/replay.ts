import { findAffected } from '../consumers/affected.ts';
import { describeDifference } from '../consumers/input-differences.ts';
import { type Replayed, replayMiniBatch } from '../consumers/replay-mini-batch.ts';
import type { ErrorOutcome } from '../consumers/take-mini-batch.ts';
import { scope } from '../lifecycle.ts';
import { formatInstant } from '../operators/time.ts';
import { type Command, type CommandContext, EXIT, isJson, UsageError } from './command.ts';
import { instantFlag, textFlag } from './flags.ts';
import { type Home, openHome } from './home.ts';
import { tellUnknown } from './known-home.ts';
import { describeAffects, takenJson, whyOf } from './report.ts';

export const replay: Command = {
  summary: 'Compute committed mini-batches again from what is current, and list which of their inputs differ.',
  usage: 'ndr replay (--from INSTANT --to INSTANT | --mini-batch ID[,ID...] | --affected) [--dry-run]',
  examples: [
    'ndr replay --affected',
    'ndr replay --from 2026-03-02 --to 2026-03-03 --dry-run',
    'ndr replay --mini-batch 20260302T1038,20260302T1053 --json',
  ],
  flags: {
    from: { type: 'string', value: 'INSTANT', doc: 'Slices that end at it or later.' },
    to: { type: 'string', value: 'INSTANT', doc: 'Slices that end before it.' },
    'mini-batch': { type: 'string', value: 'ID[,ID...]', doc: 'These mini-batches.' },
    affected: { type: 'boolean', doc: 'All whose windows late data changed since they were computed.' },
    'dry-run': {
      type: 'boolean',
      doc: 'Only tell what would change. Each is compared with what stands now: what it would change in later ones is not told.',
    },
  },
  run: (context) =>
    scope(async (onExit) => {
      const choice = choiceOf(context);
      const home = await openHome(context, onExit);
      await tellUnknown(context, home);
      return replayAll(context, home, await chosen(home, choice));
    }),
};

type Choice =
  | { readonly by: 'range'; readonly from: number; readonly to: number }
  | { readonly by: 'ids'; readonly text: string }
  | { readonly by: 'affected' };

function choiceOf(context: CommandContext): Choice {
  const from = instantFlag(context, 'from');
  const to = instantFlag(context, 'to');
  const text = textFlag(context, 'mini-batch');
  const ways = [from !== undefined || to !== undefined, text !== undefined, context.flags['affected'] === true];
  if (ways.filter(Boolean).length !== 1) {
    const fault = ways.includes(true) ? 'stand together' : 'are missing';
    throw new UsageError(`--from and --to, --mini-batch, --affected: ${fault}; give one way to choose mini-batches`);
  }
  if (text !== undefined) return { by: 'ids', text };
  if (context.flags['affected'] === true) return { by: 'affected' };
  if (from === undefined || to === undefined) {
    throw new UsageError(`--${from === undefined ? 'from' : 'to'}: is missing; a range has both, --from and --to`);
  }
  if (from >= to) throw new UsageError('--from, --to: no slice ends at --from or later and before --to');
  return { by: 'range', from, to };
}

/** Ids in the order of mini-batches. */
async function chosen({ deps, spec }: Home, choice: Choice): Promise<string[]> {
  const { index, lake } = deps;
  const { project, featureSpecVersion: version } = spec;
  if (choice.by === 'affected') {
    return (await findAffected(index, lake, { project, version })).map(({ miniBatchId }) => miniBatchId);
  }
  if (choice.by === 'range') {
    const committed = await index.committedBetween(project, version, choice.from - 1, choice.to - 1);
    return committed.map(({ miniBatchId }) => miniBatchId);
  }
  const isKnown = async (id: string): Promise<boolean> => (await index.batch(project, version, id)) !== undefined;
  // A name may itself hold a comma.
  const ids = (await isKnown(choice.text)) ? [choice.text] : choice.text.split(',').map((id) => id.trim());
  const known: { readonly id: string; readonly sliceEnd: number }[] = [];
  const unknown: string[] = [];
  for (const id of new Set(ids)) {
    const batch = await index.batch(project, version, id);
    if (batch === undefined) unknown.push(id);
    else known.push({ id, sliceEnd: batch.sliceEnd });
  }
  if (unknown.length > 0) {
    throw new UsageError(
      `--mini-batch: project ${project}, version ${version} knows no ${unknown.join(', ')}; the folders' names are the ids`,
    );
  }
  return known.sort((a, b) => a.sliceEnd - b.sliceEnd || (a.id < b.id ? -1 : 1)).map(({ id }) => id);
}

type Ended = Replayed | ErrorOutcome;

async function replayAll(context: CommandContext, home: Home, ids: readonly string[]): Promise<number> {
  const { terminal, stop } = context;
  const dry = context.flags['dry-run'] === true;
  const counts = { unchanged: 0, committed: 0, would_commit: 0, unequal: 0, failed: 0 };
  const affected = new Set<string>();
  let done = 0;
  for (const id of ids) {
    if (stop.aborted) break;
    terminal.progress(`replaying: ${done} of ${ids.length}`);
    const ended: Ended = await replayMiniBatch(home.deps, home, id, { dry }).catch(
      (error): ErrorOutcome => ({ is: 'error', miniBatchId: id, error }),
    );
    done++;
    affected.delete(id);
    if ('affects' in ended) for (const later of ended.affects) affected.add(later);
    if (ended.is === 'refused' || ended.is === 'error') counts.failed++;
    else counts[ended.is === 'would commit' ? 'would_commit' : ended.is]++;
    terminal.progress('');
    terminal.out(isJson(context) ? replayedJson(ended) : describeReplayed(ended));
  }
  terminal.progress('');
  if (isJson(context)) terminal.out(JSON.stringify({ summary: counts }));
  else terminal.out(summaryLine(counts, dry));
  if (affected.size > 0) {
    terminal.note(
      `${affected.size} mini-batches after them are affected now; publish them again: ndr replay --affected`,
    );
  }
  if (counts.unequal > 0) {
    terminal.note(
      'error: equal inputs gave other files: a defect of ndr, or its code changed under one version; nothing of these ' +
        'was committed. Please report the lines that say so',
    );
  }
  if (done < ids.length) terminal.note(`stopped after ${done} of ${ids.length}; run the same command again`);
  return counts.unequal + counts.failed > 0 || done < ids.length ? EXIT.failed : EXIT.done;
}

/** One line on what a replay came to. */
function describeReplayed(ended: Ended): string {
  const { miniBatchId } = ended;
  if (ended.is === 'refused') return `${miniBatchId}: failed: ${ended.why}`;
  if (ended.is === 'error') return `${miniBatchId}: failed: ${whyOf(ended)}`;
  const { revision, changed, differences } = ended;
  const slice = `${miniBatchId}: slice ending ${formatInstant(ended.sliceEnd)}`;
  const which = changed.join(', ');
  const inputs =
    differences.length > 0 ? `; inputs that differ: ${differences.map(describeDifference).join(', ')}` : '';
  const affects = ended.affects.length > 0 ? `; ${describeAffects(ended)}` : '';
  const what = {
    unchanged: `nothing changes, revision ${revision} stands`,
    committed: `committed revision ${revision}, ${which} changed`,
    'would commit': `would commit revision ${revision + 1}, ${which === '' ? 'in another slice' : `${which} would change`}`,
    unequal: `DEFECT: equal inputs gave other files of ${which}; revision ${revision} stands`,
  }[ended.is];
  return `${slice}: ${what}${inputs}${affects}`;
}

/** The same for programs. */
function replayedJson(ended: Ended): string {
  if (ended.is === 'error') return takenJson(ended);
  if (ended.is === 'refused') {
    return JSON.stringify({ outcome: ended.is, mini_batch_id: ended.miniBatchId, why: ended.why });
  }
  const { is, miniBatchId, sliceEnd, revision, changed, differences, affects, lateMs } = ended;
  const late = affects.length === 0 ? {} : { affects, late_seconds: lateMs / 1000 };
  return JSON.stringify({
    outcome: is.replace(' ', '_'),
    mini_batch_id: miniBatchId,
    slice_end_ts: formatInstant(sliceEnd),
    revision,
    changed,
    differences,
    ...late,
  });
}

function summaryLine(counts: Readonly<Record<string, number>>, dry: boolean): string {
  const { unchanged, committed, would_commit: would, unequal, failed } = counts;
  const news = dry ? `${would} would get a new revision` : `${committed} got a new revision`;
  const odd = (unequal ?? 0) > 0 ? `, ${unequal} NOT REPRODUCED` : '';
  return `${news}, ${unchanged} unchanged${odd}, ${failed} failed`;
}
