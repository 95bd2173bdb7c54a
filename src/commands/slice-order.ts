import { type Candidate, candidateOf, inOrder, type Stream, settleCandidate } from '../consumers/take-mini-batch.ts';
import type { CommandContext } from './command.ts';
import type { Home } from './home.ts';
import { orderingLine } from './report.ts';

/**
 * Folders by (slice_end, mini_batch_id), their slices settled. A stop leaves out the rest. Where no setting and no clock
 * tells a slice, this reads the folder's files.
 */
export async function inSliceOrder(
  { terminal, stop, clock }: Pick<CommandContext, 'terminal' | 'stop' | 'clock'>,
  stream: Stream & Pick<Home, 'readFolder'>,
  paths: readonly string[],
): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  const begun = clock();
  for (const [done, path] of paths.entries()) {
    if (stop.aborted) break;
    terminal.progress(orderingLine(done, paths.length, clock() - begun));
    candidates.push(await settleCandidate(stream, candidateOf(path, undefined, stream.readFolder(path))));
  }
  terminal.progress('');
  return candidates.sort(inOrder);
}
