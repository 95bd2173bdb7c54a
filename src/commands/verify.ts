import { isEqual } from '../jobs/dataset-diff.ts';
import { type Verified, verifyMiniBatches } from '../jobs/verification.ts';
import { scope } from '../lifecycle.ts';
import type { CommittedBatch } from '../state/batch-index.ts';
import { type Command, type CommandContext, EXIT, isJson, UsageError } from './command.ts';
import { textFlag, wholeFlag } from './flags.ts';
import type { Home } from './home.ts';
import { openKnownHome } from './known-home.ts';
import { describeVerified, verifiedJson } from './verify-report.ts';

const HOSTS = 20;
const ROWS = 10;

export const verify: Command = {
  summary: 'Compute committed mini-batches again from the raw logs, past all state, and compare what was published.',
  usage: 'ndr verify [--mini-batch ID | --last N] [--hosts N] [--seed S] [--no-lookback]',
  examples: [
    'ndr verify',
    'ndr verify --last 4 --hosts 200 --seed 7',
    'ndr verify --mini-batch 20260302T1038 --no-lookback --json',
  ],
  flags: {
    'mini-batch': { type: 'string', value: 'ID', doc: 'Mini-batch to verify (default: the newest).' },
    last: {
      type: 'string',
      value: 'N',
      doc: 'Verify the newest N mini-batches; what their windows share is read once.',
    },
    hosts: {
      type: 'string',
      value: 'N',
      doc: `Hosts whose windows are computed again (default ${HOSTS}); the rest is compared whole.`,
    },
    seed: { type: 'string', value: 'S', doc: 'Draws other hosts (default 1).' },
    'no-lookback': {
      type: 'boolean',
      doc: 'Leave out the columns that look back 30 days, for which 31 days of published pair context are read.',
    },
    rows: { type: 'string', value: 'N', doc: `Rows of a dataset told one by one (default ${ROWS}).` },
  },
  run: (context) =>
    scope(async (onExit) => {
      const options = {
        hosts: wholeFlag(context, 'hosts', 1) ?? HOSTS,
        seed: textFlag(context, 'seed') ?? '1',
        withLookback: context.flags['no-lookback'] !== true,
        mostRows: wholeFlag(context, 'rows', 0) ?? ROWS,
      };
      const last = wholeFlag(context, 'last', 1);
      const id = textFlag(context, 'mini-batch');
      if (last !== undefined && id !== undefined)
        throw new UsageError('--mini-batch, --last: name the same thing; give one of them');
      const { deps, spec } = await openKnownHome(context, onExit);
      const batches = await chosen({ deps, spec }, id, last ?? 1);
      const { terminal, stop } = context;
      const counts = { equal: 0, different: 0, unverifiable: 0 };
      const onProgress = (line: string): void => terminal.progress(line);
      for await (const verified of verifyMiniBatches({ deps, spec, stop, onProgress }, batches, options)) {
        counts[outcomeOf(verified)]++;
        tell(context, verified);
      }
      terminal.progress('');
      if (isJson(context)) terminal.out(JSON.stringify({ summary: counts }));
      else if (batches.length > 1)
        terminal.out(`${counts.equal} equal, ${counts.different} different, ${counts.unverifiable} not verifiable`);
      if (counts.equal === batches.length) return EXIT.done;
      if (stop.aborted) terminal.note('stopped before the end');
      return EXIT.failed;
    }),
};

async function chosen({ deps, spec }: Pick<Home, 'deps' | 'spec'>, id: string | undefined, last: number) {
  const { project, featureSpecVersion: version } = spec;
  const all = await deps.index.committedBetween(project, version, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  const found: readonly CommittedBatch[] =
    id === undefined ? all.slice(-last) : all.filter(({ miniBatchId }) => miniBatchId === id);
  if (found.length > 0) return found;
  if (id !== undefined) throw new UsageError(`--mini-batch: ${id} has no committed revision in project ${project}`);
  throw new UsageError(`home: nothing is committed in project ${project}, ${version}: there is nothing to verify`);
}

function outcomeOf(verified: Verified): 'equal' | 'different' | 'unverifiable' {
  if (verified.is === 'unverifiable') return 'unverifiable';
  return verified.datasets.every(isEqual) ? 'equal' : 'different';
}

function tell(context: CommandContext, verified: Verified): void {
  const outcome = outcomeOf(verified);
  const lines = isJson(context) ? [verifiedJson(verified, outcome)] : describeVerified(verified, outcome);
  for (const line of lines) context.terminal.out(line);
}
