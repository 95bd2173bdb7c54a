/** A worker that freezes in the midst of a mini-batch, while its Redis dies and another worker takes over, and that wakes then. */

import { setTimeout as pause } from 'node:timers/promises';
import { type Failpoint, whenAt } from './live-failpoints.ts';
import { openLiveGates } from './live-gates.ts';
import { openLiveLab } from './live-lab.ts';
import { differencesOfLab, undisturbed } from './live-reference.ts';
import type { MiniBatch } from './mini-batch-folders.ts';
import { startRedisServer } from './redis-server.ts';

/** Longer than a message stays hidden. */
const HIDDEN_MS = 11_000;

/** What went otherwise than it should; the sleeper's own steps after it woke. `miniBatches`: four or more. */
export async function freezeWorkerAt(
  point: Omit<Failpoint, 'isLate'>,
  miniBatches: readonly MiniBatch[],
): Promise<{ readonly faults: readonly string[]; readonly lateSteps: readonly string[] }> {
  const reference = await undisturbed(miniBatches);
  const primary = await startRedisServer();
  const replica = await primary.replica();
  const lab = await openLiveLab();
  const sleepersGates = await openLiveGates(lab, primary.url);
  const othersGates = await openLiveGates(lab, replica.url);
  const lateSteps: string[] = [];
  try {
    const sleeper = lab.serve(sleepersGates.settings);
    const [first, second, ...further] = miniBatches as [MiniBatch, MiniBatch, ...MiniBatch[]];
    await lab.deliver(first);
    await lab.settled(1, [sleeper]);
    const frozen = new Promise<void>((resolve) => {
      sleepersGates.watch(
        whenAt(
          point,
          () => {
            sleeper.ndr.process.kill('SIGSTOP');
            resolve();
          },
          true,
        ),
      );
    });
    await lab.deliver(second);
    await frozen;
    await primary.kill();
    await replica.promote();
    sleepersGates.state.lead(replica.port);
    lab.sqs.advance(HIDDEN_MS);
    const other = lab.serve(othersGates.settings);
    await lab.settled(2, [other]);
    await other.stop();
    const before = JSON.stringify(await lab.index.batch('default', 'v1', second.id));

    sleepersGates.watch((step, moment) => {
      if (moment === 'done') lateSteps.push(step);
      return true;
    });
    sleeper.ndr.process.kill('SIGCONT');
    // What it has in hand goes first.
    while (!lateSteps.includes('remove') && sleeper.ndr.process.exitCode === null) await pause(50);
    const after = JSON.stringify(await lab.index.batch('default', 'v1', second.id));
    const late = [...lateSteps];
    for (const miniBatch of further) await lab.deliver(miniBatch);
    const faults = await differencesOfLab(lab, { reference, announced: miniBatches.length });
    if (after !== before) faults.push(`the index said ${before}, and ${after} once the sleeper had woken`);
    const { code, stderr } = await sleeper.stop();
    if (code !== 0) faults.push(`the sleeper ended with ${code}: ${stderr}`);
    return { faults, lateSteps: late };
  } finally {
    await lab.close();
    for (const gates of [sleepersGates, othersGates]) await gates.close();
    for (const server of [primary, replica]) await server.close();
  }
}

/** One worker; its Redis loses everything, in the midst of mini-batches too, and goes away for a while. */
export async function loseStateUnder(miniBatches: readonly MiniBatch[]): Promise<readonly string[]> {
  const reference = await undisturbed(miniBatches);
  const redis = await startRedisServer();
  const lab = await openLiveLab();
  const gates = await openLiveGates(lab, redis.url);
  try {
    const worker = lab.serve(gates.settings);
    const blows = [
      () => redis.client.flushall(),
      () => redis.restart(),
      async () => {
        await redis.kill();
        await pause(500);
        await redis.restart();
      },
    ];
    let struck: Promise<unknown> = Promise.resolve();
    for (const [place, miniBatch] of miniBatches.entries()) {
      const blow = blows[place % (blows.length + 1)];
      // Between two mini-batches, or once one has been read.
      const isAmidst = place % 2 === 1;
      if (blow !== undefined && !isAmidst) await blow();
      if (blow !== undefined && isAmidst)
        gates.watch(
          whenAt(
            { step: 'file', moment: 'done', nth: 2 },
            () => {
              struck = blow();
            },
            true,
          ),
        );
      await lab.deliver(miniBatch);
      await lab.settled(place + 1, [worker]);
      await struck;
    }
    return await differencesOfLab(lab, { reference, announced: miniBatches.length });
  } finally {
    await lab.close();
    await gates.close();
    await redis.close();
  }
}
