import { basename } from 'node:path';
import { runMiniBatch } from '../consumers/mini-batch.ts';
import type { MiniBatchRequest } from '../consumers/mini-batch-request.ts';
import { settle } from '../consumers/plan-mini-batch.ts';
import { describeGone, goneFiles } from '../consumers/raw-presence.ts';
import { type MiniBatchFolder, miniBatchFolderOf } from '../consumers/settle-slice.ts';
import { compareKeys } from '../state/key-order.ts';
import type { CommandContext } from './command.ts';
import type { Home } from './home.ts';
import { errorOutcome, orderingLine, type Taken } from './report.ts';

/** A folder whose turn will come. */
export interface Candidate {
  readonly path: string;
  readonly miniBatchId: string;
  /** ms UTC; null where it cannot be settled, which is told when its turn comes. */
  readonly sliceEnd: number | null;
  /** Where in the order it stands: its slice's end, else the day of its path. */
  readonly position: number;
  /** Or why the path is no mini-batch's. */
  readonly folder: MiniBatchFolder | { readonly fault: string };
}

/**
 * Folders by (slice_end, mini_batch_id), their slices settled. A stop leaves out the rest. Where no setting and no clock
 * tells a slice, this reads the folder's files.
 */
export async function inSliceOrder(
  { terminal, stop, clock }: Pick<CommandContext, 'terminal' | 'stop' | 'clock'>,
  home: Pick<Home, 'deps' | 'spec' | 'sliceRules'>,
  paths: readonly string[],
): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  const begun = clock();
  for (const [done, path] of paths.entries()) {
    if (stop.aborted) break;
    terminal.progress(orderingLine(done, paths.length, clock() - begun));
    candidates.push(await candidateOf(home, path));
  }
  terminal.progress('');
  return candidates.sort((a, b) => a.position - b.position || compareKeys(a.miniBatchId, b.miniBatchId));
}

async function candidateOf(
  { deps, spec, sliceRules }: Pick<Home, 'deps' | 'spec' | 'sliceRules'>,
  path: string,
): Promise<Candidate> {
  const folder = readFolder(path);
  if ('fault' in folder)
    return { path, miniBatchId: basename(path), sliceEnd: null, position: Number.NEGATIVE_INFINITY, folder };
  const { miniBatchId, date } = folder;
  // Whatever keeps it from being settled will be met, and told, when its turn comes.
  const slice = await settle(deps, { spec, folder, sliceRules }).catch((error: unknown) => ({ fault: String(error) }));
  if (!('fault' in slice)) {
    return { path, miniBatchId, sliceEnd: slice.sliceEnd, position: slice.sliceEnd, folder };
  }
  const position = date === null ? Number.NEGATIVE_INFINITY : Date.parse(date);
  return { path, miniBatchId, sliceEnd: null, position, folder };
}

function readFolder(path: string): Candidate['folder'] {
  try {
    return miniBatchFolderOf(path);
  } catch (error) {
    return { fault: (error as Error).message };
  }
}

/** Takes a candidate the whole way. Never throws: one that fails stops none of the others. */
export async function take(
  { deps, spec, sliceRules }: Home,
  { folder, miniBatchId }: Candidate,
  how: Pick<MiniBatchRequest, 'leavesAffected'> = {},
): Promise<Taken> {
  if ('fault' in folder) return { is: 'poison', miniBatchId, why: folder.fault, quarantined: null };
  try {
    return await runMiniBatch(deps, { spec, folder, sliceRules, ...how });
  } catch (error) {
    return errorOutcome(miniBatchId, error);
  }
}

/** Takes a mini-batch that was committed before, from where its raw files lay. Never throws, nor commits without them. */
export async function takeAgain(home: Home, miniBatchId: string): Promise<Taken> {
  const { deps, spec } = home;
  try {
    const slice = await deps.index.settledSlice(spec.project, miniBatchId);
    const batch = await deps.index.batch(spec.project, spec.featureSpecVersion, miniBatchId);
    const failed = (why: string): Taken => ({ is: 'poison', miniBatchId, why, quarantined: null });
    if (slice === undefined) return failed(`the index has no item slice#${miniBatchId}; restore it`);
    const gone = await goneFiles(deps.rawFiles, batch, slice.path);
    if (gone.length > 0) return failed(`cannot be published again: ${describeGone(gone, slice.path)}`);
    const { path, sliceEnd } = slice;
    return await take(home, { path, miniBatchId, sliceEnd, position: sliceEnd, folder: miniBatchFolderOf(path) });
  } catch (error) {
    return errorOutcome(miniBatchId, error);
  }
}
