/** The live path under kills, at exact moments and at random ones, under stops, and under a Redis that is lost. */

import { failpointsOf, killAtPoints, nameOf, traceOfMiniBatch } from '../../test/support/live-failpoints.ts';
import { freezeWorkerAt, loseStateUnder } from '../../test/support/live-freezes.ts';
import { killLiveWorkers } from '../../test/support/live-kills.ts';
import { stopLiveWorkers } from '../../test/support/live-stops.ts';
import { officeMiniBatches } from '../../test/support/office-mini-batches.ts';
import { count, type Section } from './evidence.ts';

const TRAFFIC = { seed: 7, hosts: 3, thin: 8 };
const FREEZES = ['raw', 'file', 'manifest', 'index'] as const;

export async function proveLive(
  { kills, stops, seed }: { readonly kills: number; readonly stops: number; readonly seed: number },
  say: (line: string) => void,
): Promise<Section> {
  const parts = [
    await underKills(kills, seed, say),
    await atPoints(say),
    await underStops(stops, seed, say),
    await withoutState(say),
  ];
  return {
    faults: parts.flatMap(({ faults }) => faults),
    lines: [
      '`ndr serve` in processes of its own with the real clients: objects in a fake S3, messages in a fake SQS, the index in dynalite, window',
      'state in a real Redis, on the loopback. What counts at the end (files by path and sha256, slices) is compared with what a backfill of the',
      'same mini-batches from a directory commits; each mini-batch must be in the index once, each file that counts there with its digest,',
      'no message left on the queue, none among the dead letters.',
      '',
      ...parts.flatMap(({ lines }) => lines),
    ],
  };
}

async function underKills(kills: number, seed: number, say: (line: string) => void): Promise<Section> {
  const miniBatches = officeMiniBatches({ ...TRAFFIC, slices: 90, doubled: [3, 9, 20, 41, 60, 77] });
  say(`live: ${kills} kills over ${miniBatches.length} mini-batches`);
  const report = await killLiveWorkers({ miniBatches, kills, seed, say: (line) => say(`live: ${line}`) });
  const { killedAt, duplicates, swaps, redeliveries, publishedAgain, looks, filesRead } = report;
  const places = Object.entries(killedAt).sort(([, a], [, b]) => b - a);
  return {
    faults: report.faults,
    lines: [
      `- Three workers over ${miniBatches.length} mini-batches, killed with SIGKILL ${count(report.kills)} times (seed ${seed}) and replaced at once; ${duplicates} notifications came twice,`,
      `  ${swaps} before their turn. Killed at: ${places.map(([place, times]) => `${place} (${times})`).join('; ')}.`,
      `  ${count(redeliveries)} redeliveries; ${count(publishedAgain)} revisions beyond the first, where a mini-batch was late. A reader that followed the index all the while looked`,
      `  ${count(looks)} times and found each of ${count(filesRead)} files as its manifest named it.`,
    ],
  };
}

async function atPoints(say: (line: string) => void): Promise<Section> {
  const miniBatches = officeMiniBatches({ ...TRAFFIC, slices: 90 });
  const points = failpointsOf(await traceOfMiniBatch(miniBatches));
  say(`live: ${points.length} exact moments`);
  const { faults, killedAt } = await killAtPoints(points, miniBatches, (line) => say(`live: ${line}`));
  return {
    faults,
    lines: [
      `- One worker, killed at ${killedAt.length} of ${points.length} exact moments, each seen at a server: when a step is asked for and not yet carried out, or carried out`,
      `  and not yet answered. After each, the next worker came to the undisturbed state, and each mini-batch was told to EventBridge, under one id: ${points.map(nameOf).join('; ')}.`,
    ],
  };
}

async function underStops(stops: number, seed: number, say: (line: string) => void): Promise<Section> {
  const miniBatches = officeMiniBatches({ ...TRAFFIC, slices: 2 * stops + 4 });
  say(`live: ${stops} stops`);
  const report = await stopLiveWorkers(miniBatches, { stops, seed });
  const places = Object.entries(report.stoppedAt).sort(([, a], [, b]) => b - a);
  return {
    faults: report.faults,
    lines: [
      `- One worker after the other, asked to stop with SIGTERM ${report.stops} times (at: ${places.map(([place, times]) => `${place} (${times})`).join('; ')}), ended with code 0.`,
      `  ${count(report.released)} messages were given back at once; ${report.leftHidden} were on their way to a worker just then, and come back by themselves. None was received`,
      '  more often than there were workers in its time.',
    ],
  };
}

async function withoutState(say: (line: string) => void): Promise<Section> {
  say('live: Redis flushed, restarted, away; frozen workers');
  const miniBatches = officeMiniBatches({ ...TRAFFIC, slices: 8 });
  const faults = [...(await loseStateUnder(miniBatches))];
  for (const step of FREEZES) {
    const frozen = await freezeWorkerAt({ step, moment: 'done', nth: 1 }, miniBatches.slice(0, 4));
    faults.push(...frozen.faults.map((fault) => `frozen after ${step}: ${fault}`));
  }
  return {
    faults,
    lines: [
      `- FLUSHALL, a restart and an outage of Redis, between mini-batches and amidst them. A worker frozen (SIGSTOP) after ${FREEZES.join(', ')}; meanwhile its Redis`,
      '  died, a replica was promoted, and another worker took over; it woke (SIGCONT), wrote what it had in hand, changed nothing in the index, and went on.',
    ],
  };
}
