/** One worker after the other that is asked to stop at a random moment: in time, and at no cost to the messages it had. */

import { setTimeout as pause } from 'node:timers/promises';
import { type Dice, seededDice } from '../../src/simulation/seeded-dice.ts';
import type { HeldMessage } from '../fakes/sqs-queue.ts';
import { type LiveGates, openLiveGates } from './live-gates.ts';
import { type LiveProcess, openLiveLab, RAW_BUCKET, s3Event } from './live-lab.ts';
import { differencesOfLab, undisturbed } from './live-reference.ts';
import type { MiniBatch } from './mini-batch-folders.ts';
import { endWithin } from './ndr-process.ts';
import { startRedisServer } from './redis-server.ts';

const DRAIN_SECONDS = 60;
/** Beyond what a stop may take: the machine may be busy with other things. */
const MARGIN_MS = 120_000;
const AHEAD = 4;
/** Long, so that nothing but a stop gives a message back. */
const SETTINGS = { NDR_QUEUE_VISIBILITY_SECONDS: '120', NDR_SERVE_DRAIN_SECONDS: `${DRAIN_SECONDS}` };

export interface StopReport {
  readonly faults: readonly string[];
  readonly stops: number;
  readonly stoppedAt: Readonly<Record<string, number>>;
  /** Messages that a stopping worker gave back. */
  readonly released: number;
  /** Messages that were on their way to a worker as it was stopped: they come back when their time is over. */
  readonly leftHidden: number;
}

interface Sent {
  readonly message: HeldMessage;
  /** Workers before it was sent. */
  readonly since: number;
}

export async function stopLiveWorkers(
  miniBatches: readonly MiniBatch[],
  { stops, seed }: { readonly stops: number; readonly seed: number },
): Promise<StopReport> {
  const reference = await undisturbed(miniBatches);
  const redis = await startRedisServer();
  // Every worker may receive what none before it came to: what the queue itself would give up is not what is tried here.
  const lab = await openLiveLab({ maxReceiveCount: stops + 2 });
  const gates = await openLiveGates(lab, redis.url);
  const dice = seededDice(seed, 'live stops');
  const faults: string[] = [];
  const stoppedAt: Record<string, number> = {};
  const sent: Sent[] = [];
  let [stopped, released, leftHidden] = [0, 0, 0];
  const announce = async (upTo: number): Promise<void> => {
    for (const miniBatch of miniBatches.slice(sent.length, upTo)) {
      const address = await lab.put(miniBatch);
      const key = `${address.slice(`s3://${RAW_BUCKET}/`.length)}/part-0.json.gz`;
      const message = lab.sqs.queue('ndr').send({ body: s3Event([key], miniBatch.sliceEnd + 5000) });
      sent.push({ message, since: stopped });
    }
  };
  try {
    for (; stopped < stops && faults.length === 0; stopped++) {
      await announce(Math.floor((stopped * (miniBatches.length - AHEAD)) / stops) + AHEAD);
      const worker = lab.serve({ ...gates.settings, ...SETTINGS });
      const at = await stopOne(worker, gates, dice);
      stoppedAt[at] = (stoppedAt[at] ?? 0) + 1;
      const { code, stderr } = await endWithin(worker.ndr, DRAIN_SECONDS * 1000 + MARGIN_MS);
      if (code !== 0) faults.push(`stopped at ${at}, a worker ended with ${code}: ${stderr}`);
      const now = Date.now();
      const held = lab.sqs.queue('ndr').messages.filter(({ receives }) => receives > 0);
      const hidden = held.filter(({ visibleAt }) => visibleAt > now);
      released += held.length - hidden.length;
      leftHidden += hidden.length;
      if (hidden.length > 0) lab.sqs.advance(121_000);
      for (const { message, since } of sent) {
        const lives = stopped + 1 - since;
        if (message.receives > lives)
          faults.push(`a message was received ${message.receives} times in the time of ${lives} workers`);
      }
    }
    await announce(miniBatches.length);
    const last = lab.serve({ ...gates.settings, ...SETTINGS });
    faults.push(...(await differencesOfLab(lab, { reference, announced: miniBatches.length })));
    const { code } = await last.stop();
    if (code !== 0) faults.push(`the last worker ended with ${code}`);
    return { faults, stops: stopped, stoppedAt, released, leftHidden };
  } finally {
    await lab.close();
    await gates.close();
    await redis.close();
  }
}

/** Stops a worker some time after it began to work, or right at a step. Returns where. */
async function stopOne(worker: LiveProcess, gates: LiveGates, dice: Dice): Promise<string> {
  const [wait, steps] = [dice.between(0, 2000), dice.between(1, 30)];
  const isAtStep = dice.chance(0.6);
  let left = isAtStep ? steps : 1;
  const reached = new Promise<string>((resolve) => {
    gates.watch((step, moment) => {
      if (moment === 'done' && --left === 0) {
        if (isAtStep) worker.ndr.process.kill('SIGTERM');
        resolve(step);
      }
      return true;
    });
  });
  const over = new AbortController();
  // Where everything is done already, there are no steps.
  const late = pause(20_000, 'idle', { signal: over.signal }).catch(() => 'idle');
  const at = await Promise.race([reached, worker.ndr.ended.then(() => 'its own end'), late]);
  over.abort();
  gates.watch(undefined);
  if (isAtStep && at !== 'idle') return at;
  await pause(wait);
  worker.ndr.process.kill('SIGTERM');
  return at === 'idle' ? at : 'any time';
}
