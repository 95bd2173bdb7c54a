import { type Restored, restoreIndex } from '../jobs/index-restoration.ts';
import { restorePublications } from '../jobs/publication-restoration.ts';
import { scope } from '../lifecycle.ts';
import { type Command, type CommandContext, EXIT, isJson } from './command.ts';
import { openKnownHome } from './known-home.ts';

export const rebuildIndex: Command = {
  summary:
    'Restore the index of mini-batches and baselines from the manifests in the lake, reading every file they name.',
  usage: 'ndr rebuild-index [--dry-run] [--force]',
  examples: ['ndr rebuild-index --dry-run', 'ndr rebuild-index', 'ndr rebuild-index --force --json'],
  flags: {
    'dry-run': { type: 'boolean', doc: 'Say what would be restored, and write nothing.' },
    force: {
      type: 'boolean',
      doc: 'Where the revision that the index names does not verify, let a lesser one that does take its place.',
    },
  },
  run: (context) =>
    scope(async (onExit) => {
      const { deps, spec } = await openKnownHome(context, onExit);
      const { terminal, clock, stop, flags } = context;
      const counts = { stands: 0, restored: 0, raised: 0, lowered: 0, refused: 0, lost: 0 };
      const isDryRun = flags['dry-run'] === true;
      const restoration = restoreIndex(
        {
          lake: deps.lake,
          index: deps.index,
          project: spec.project,
          nowMs: clock(),
          stop,
          onProgress: (done, of) => terminal.progress(`${done} of ${of} mini-batches looked through`),
        },
        { isDryRun, isForced: flags['force'] === true },
      );
      let faulty = 0;
      for await (const restored of restoration) {
        counts[restored.is]++;
        faulty += restored.faults.length;
        tell(context, restored);
      }
      const { lake, baselines } = deps;
      for await (const restored of restorePublications({ lake, baselines, spec, stop }, { isDryRun })) {
        counts[restored.is]++;
        faulty += restored.faults.length;
        tell(context, { miniBatchId: `baselines ${restored.name}`, revision: null, notes: [], ...restored });
      }
      terminal.progress('');
      if (isJson(context)) terminal.out(JSON.stringify({ summary: { ...counts, faults: faulty, dry_run: isDryRun } }));
      else terminal.out(summaryLine(counts, faulty, isDryRun));
      if (stop.aborted) terminal.note('stopped; run the same command again to go on');
      return counts.refused + counts.lost > 0 || stop.aborted ? EXIT.failed : EXIT.done;
    }),
};

function summaryLine(
  { stands, restored, raised, lowered, refused, lost }: Record<Restored['is'], number>,
  faults: number,
  isDryRun: boolean,
): string {
  const others = [
    ...(raised > 0 ? [`${raised} raised`] : []),
    ...(lowered > 0 ? [`${lowered} lowered`] : []),
    ...(refused > 0 ? [`${refused} would be lowered with --force`] : []),
    ...(lost > 0 ? [`${lost} lost`] : []),
    ...(faults > 0 ? [`${faults} files do not verify`] : []),
  ];
  const dry = isDryRun ? 'nothing was written: ' : '';
  return [`${dry}${stands} stood already, ${restored} restored`, ...others].join(', ');
}

function tell(context: CommandContext, restored: Restored): void {
  const { terminal } = context;
  const { is, version, miniBatchId, revision, faults, notes } = restored;
  for (const note of notes) terminal.note(`warning: ${miniBatchId}, ${version}: ${note}`);
  if (isJson(context)) {
    const mini_batch = { mini_batch_id: miniBatchId, feature_spec_version: version };
    terminal.out(JSON.stringify({ ...mini_batch, outcome: is, revision, faults }));
    return;
  }
  if (is === 'stands' && faults.length === 0) return;
  terminal.out(`${miniBatchId}, ${version}: ${TOLD[is]}${revision === null ? '' : ` (revision ${revision})`}`);
  for (const { path, why } of faults) terminal.out(`  ${path}: ${why}`);
}

const TOLD: Readonly<Record<Restored['is'], string>> = {
  stands: 'stood already',
  restored: 'restored',
  raised: 'the revision in the index does not verify; a greater one does and counts now',
  lowered: 'the revision in the index does not verify; a lesser one does and counts now',
  refused: 'the revision in the index does not verify; a lesser one does: --force lets it count',
  lost: 'no revision verifies: remove its damaged files, then run the mini-batch again from its raw files',
};
