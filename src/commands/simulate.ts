import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { scope } from '../lifecycle.ts';
import { groundTruth } from '../simulation/ground-truth.ts';
import { type OfficeTraffic, officeTraffic } from '../simulation/office.ts';
import { codeOf, isMissing } from '../state/durable-file.ts';
import { type Command, type CommandContext, EXIT, isJson, UsageError } from './command.ts';
import { describeFailure } from './failure.ts';
import { neededFlag } from './flags.ts';
import { openHome } from './home.ts';
import { duration, fileSize, tell, whole } from './report.ts';
import { readSimulation, SIMULATE_FLAGS, type SimulationRequest } from './simulate-flags.ts';
import { SIMULATED, writeHistory } from './simulate-history.ts';
import { ID_PATTERN, simulationKey, writeDeliveries } from './simulated-folders.ts';

/** Names that begin with _ are no data. */
const TRUTH = '_truth.jsonl';
const OPTIONS = '_simulation.json';

export const simulate: Command = {
  summary: 'Make the firewall log of an office, with incidents and the truth about them.',
  usage: 'ndr simulate --out DIR [flags], or ndr simulate --to fg_a --home DIR [flags]',
  examples: [
    'ndr simulate --out logs --hosts 1000 --hours 8 --incidents all',
    'ndr simulate --out logs --days 2 --incidents beacon:period=3600:jitter=0.2,exfiltration --strength weak',
    'ndr simulate --out logs --scanners 15000 --dirty 0.01 --outages 2026-03-02T09:08:00Z/2',
    'ndr simulate --to fg_a --home ndr-home --hosts 500 --days 38',
    `NDR_INPUT_ID_PATTERN='${ID_PATTERN}' ndr backfill --input logs`,
  ],
  flags: SIMULATE_FLAGS,
  run: async (context) => {
    const request = readSimulation(context);
    const traffic = officeTraffic(request.office);
    return request.to === 'lines' ? toLines(context, request, traffic) : toHistory(context, request, traffic);
  },
};

async function toLines(context: CommandContext, request: SimulationRequest, traffic: OfficeTraffic): Promise<number> {
  const { terminal, clock, stop } = context;
  const out = resolve(neededFlag(context, 'out', 'the folder for the lines, or --to fg_a'));
  await claimFolder(out, request);
  const truth = join(out, TRUTH);
  await writeTruth(truth, request, traffic);
  const begun = clock();
  const written = await writeDeliveries(traffic, out, request, stop, (done, { lines }) => {
    const pace = lines > 0 ? `, ${whole(lines / ((clock() - begun) / 1000))} lines/s` : '';
    terminal.progress(`${done} of ${traffic.deliveries.length} mini-batches${pace}`);
  });
  terminal.progress('');
  const seconds = (clock() - begun) / 1000;
  if (isJson(context)) {
    const { miniBatches: mini_batches, lines, bytes } = written;
    terminal.out(
      JSON.stringify({ summary: { mini_batches, lines, bytes, incidents: traffic.incidents.length }, out, truth }),
    );
  } else {
    const stood = traffic.deliveries.length - written.miniBatches;
    terminal.out(
      `${written.miniBatches} mini-batches, ${whole(written.lines)} lines (${fileSize(written.bytes)} before compression) in ` +
        `${duration(seconds)}${stood > 0 && !stop.aborted ? `; ${stood} stood already` : ''}`,
    );
    terminal.out(`lines: ${out}`);
    terminal.out(`truth: ${truth}, ${traffic.incidents.length} incidents`);
  }
  return toldToStop(context);
}

function toHistory(context: CommandContext, request: SimulationRequest, traffic: OfficeTraffic): Promise<number> {
  const { terminal, clock, settings: given } = context;
  return scope(async (onExit) => {
    const settings = { ...given, 'input.id_pattern': ID_PATTERN, 'input.slice_time': 'id_pattern' as const };
    const home = await openHome({ ...context, settings }, onExit);
    const truth = join(home.folder, SIMULATED, TRUTH);
    const begun = clock();
    const report = await writeHistory(context, home, request, traffic, (taken) => {
      if (isJson(context) || taken.is === 'poison' || taken.is === 'error') tell(context, taken);
    });
    await writeTruth(truth, request, traffic);
    const { committed, stood, failed, lines } = report;
    if (isJson(context)) terminal.out(JSON.stringify({ summary: { committed, stood, failed }, lines, truth }));
    else {
      terminal.out(
        `${committed} mini-batches committed, ${stood} stood already, ${failed} failed; ${whole(lines)} lines in ` +
          duration((clock() - begun) / 1000),
      );
      terminal.out(`lake: ${home.storage.lakePlace}`);
      terminal.out(`truth: ${truth}, ${traffic.incidents.length} incidents`);
    }
    return failed > 0 ? EXIT.failed : toldToStop(context);
  });
}

function toldToStop({ terminal, stop }: CommandContext): number {
  if (!stop.aborted) return EXIT.done;
  terminal.note('stopped; run the same command again to go on');
  return EXIT.failed;
}

/** Lines of two simulations in one folder would be taken for one office's. */
async function claimFolder(out: string, { office }: SimulationRequest): Promise<void> {
  const mine = `${JSON.stringify(simulationKey(office))}\n`;
  let names: string[];
  try {
    names = await readdir(out);
  } catch (error) {
    if (!isMissing(error)) throw new UsageError(`--out: ${out} cannot be read (${codeOf(error)}); choose another`);
    names = [];
  }
  const before = await readFile(join(out, OPTIONS), 'utf8').catch(() => undefined);
  if (before !== undefined && before !== mine)
    throw new UsageError(
      `--out: ${out} holds the lines of another simulation (see ${OPTIONS} there); choose another folder`,
    );
  if (before === undefined && names.length > 0)
    throw new UsageError(`--out: ${out} holds other files (${names[0]}, for one); choose an empty folder`);
  try {
    await mkdir(out, { recursive: true });
    await writeFile(join(out, OPTIONS), mine);
  } catch (error) {
    throw new UsageError(`--out: ${out} cannot be written: ${describeFailure(error).text}; choose another`, {
      cause: error,
    });
  }
}

async function writeTruth(
  path: string,
  { office }: SimulationRequest,
  { plan, incidents }: OfficeTraffic,
): Promise<void> {
  const lines = groundTruth(plan, incidents, office.outages ?? []).map((line) => `${JSON.stringify(line)}\n`);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, lines.join(''));
}
