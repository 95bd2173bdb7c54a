import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRejectedLines } from '../consumers/rejected-lines.ts';
import type { ReadFile, Stages } from '../consumers/stages.ts';
import { candidateOf, type Taken, take } from '../consumers/take-mini-batch.ts';
import { createFlowReader } from '../operators/flow-reader.ts';
import { createLineWriter, type LineWriter } from '../simulation/line-writer.ts';
import type { DeliveredRecords, OfficeTraffic } from '../simulation/office.ts';
import { type CommandContext, UsageError } from './command.ts';
import type { Home } from './home.ts';
import { progressLine } from './report.ts';
import type { SimulationRequest } from './simulate-flags.ts';
import { simulatedFolder, simulationKey } from './simulated-folders.ts';

/** Folder of a home in which a mini-batch that is computed at the moment has its recipe. */
export const SIMULATED = 'simulated';
const RECIPE = 'recipe.json';
const LINES_AT_ONCE = 20_000;

export interface HistoryReport {
  readonly committed: number;
  readonly stood: number;
  readonly failed: number;
  readonly lines: number;
}

/**
 * Commits simulated mini-batches as features, the way of real ones, but for their files: what stands for those is a recipe of a
 * few bytes, which names the simulation and the slice, and the lines that it gives are read from memory. Such a mini-batch
 * is known by its inputs, so that a run that was stopped goes on where it was, and nothing could tell it from one that came in files.
 */
export async function writeHistory(
  { terminal, clock, stop }: CommandContext,
  home: Home,
  { office }: SimulationRequest,
  traffic: OfficeTraffic,
  onTaken: (taken: Taken) => void,
): Promise<HistoryReport> {
  const inbox = join(home.folder, SIMULATED);
  await refuseReal(home, inbox);
  const writer = createLineWriter(traffic.plan.book.kinds);
  const sums = { committed: 0, stood: 0, failed: 0, lines: 0, computed: 0, computedMs: 0 };
  for (const [done, delivery] of traffic.deliveries.entries()) {
    if (stop.aborted) break;
    terminal.progress(progressLine({ ...sums, done, of: traffic.deliveries.length }));
    const path = simulatedFolder(inbox, delivery.end);
    await mkdir(path, { recursive: true });
    await writeFile(
      join(path, RECIPE),
      `${JSON.stringify({ simulation: simulationKey(office), start: delivery.start, end: delivery.end })}\n`,
    );
    const read = readFrom(writer, () => traffic.recordsOf(delivery));
    const begun = clock();
    const taken = await take(
      { ...home, deps: { ...home.deps, pool: { ...home.deps.pool, read } } },
      candidateOf(path, { sliceEnd: delivery.end }),
    );
    if (taken.is !== 'skipped') {
      sums.computed++;
      sums.computedMs += clock() - begun;
    }
    if ('lines' in taken) sums.lines += taken.lines;
    sums[taken.is === 'committed' ? 'committed' : taken.is === 'poison' || taken.is === 'error' ? 'failed' : 'stood']++;
    // A recipe must not be taken for a log file by whoever looks for some.
    await rm(path, { recursive: true, force: true });
    onTaken(taken);
  }
  terminal.progress('');
  return sums;
}

/** Reads, in place of a recipe, the lines that it stands for. */
function readFrom(writer: LineWriter, made: () => DeliveredRecords): Stages['read'] {
  return async ({ file: { name }, options, limits }): Promise<ReadFile> => {
    const rejected = createRejectedLines(name, limits.keptBytes);
    const reader = createFlowReader(options, rejected.add);
    const { batch, order } = made();
    for (let from = 0; from < order.length; from += LINES_AT_ONCE)
      reader.push(writer.write(batch, order, from, Math.min(order.length, from + LINES_AT_ONCE)));
    return { is: 'read', name, flows: reader.finish(), rejected: rejected.finish() };
  };
}

/** Made-up hosts do not belong beside real ones: in the lake nobody could tell them apart. */
async function refuseReal({ folder, deps: { index }, spec }: Home, inbox: string): Promise<void> {
  const { project, featureSpecVersion: version } = spec;
  const all = await index.committedBetween(project, version, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  for (const { miniBatchId } of all) {
    const slice = await index.settledSlice(project, miniBatchId);
    if (slice === undefined || `${slice.path}/`.startsWith(`${inbox}/`)) continue;
    throw new UsageError(
      `home: ${folder} holds mini-batches of project ${project} that were not simulated (${miniBatchId}, for one); ` +
        'give the simulation a home of its own: ndr simulate --to fg_a --home DIR',
    );
  }
}
