/** A worker that is killed at one exact moment after the other, each seen from the servers: nothing in it knows of that. */

import { setTimeout as pause } from 'node:timers/promises';
import type { Manifest } from '../../src/state/manifest.ts';
import { type EventBridgeServer, startEventBridgeServer } from '../fakes/eventbridge-server.ts';
import type { Moment } from './gate.ts';
import { type LiveGates, openLiveGates, type Step, type Watcher } from './live-gates.ts';
import { type LiveLab, type LiveProcess, openLiveLab } from './live-lab.ts';
import { differencesOfLab, undisturbed } from './live-reference.ts';
import type { MiniBatch } from './mini-batch-folders.ts';
import { startRedisServer } from './redis-server.ts';

/** The moment of the `nth` step of its kind within a mini-batch. */
export interface Failpoint {
  readonly step: Step;
  readonly moment: Moment;
  readonly nth: number;
  /** The mini-batch after it was committed before it, and is to be published again because of it. */
  readonly isLate?: boolean;
}

export const nameOf = ({ step, moment, nth, isLate = false }: Failpoint): string =>
  `${step} ${nth}, ${moment}${isLate ? ', late' : ''}`;

export interface FailpointReport {
  readonly faults: readonly string[];
  readonly killedAt: readonly string[];
  readonly miniBatches: number;
}

/** Longer than a message stays hidden whose worker is dead. */
const HIDDEN_MS = 11_000;
/** Transactions of Redis may come in one piece: a point that did not come is tried on other mini-batches. */
const TRIES = 4;

/** Once the message is removed, no message tells whoever follows of what is left to be published again. */
const LATE_STEPS: readonly Step[] = ['enter', 'manifest', 'index', 'state', 'event', 'remove'];

/** Every step of a trace, and those from the commit on once more for a late mini-batch. */
export function failpointsOf(trace: readonly Step[]): Failpoint[] {
  const counts = new Map<Step, number>();
  const points: Failpoint[] = [];
  for (const step of trace) {
    // Beats of the heart come when they come.
    if (step === 'extend' || step === 'release') continue;
    const nth = (counts.get(step) ?? 0) + 1;
    counts.set(step, nth);
    points.push({ step, moment: 'asked', nth }, { step, moment: 'done', nth });
    if (LATE_STEPS.includes(step)) points.push({ step, moment: 'done', nth, isLate: true });
  }
  return points;
}

/** Kills a worker at each of the points in turn, in one stream of mini-batches; whoever follows ends what it began. */
export async function killAtPoints(
  points: readonly Failpoint[],
  miniBatches: readonly MiniBatch[],
  say: (line: string) => void = () => {},
): Promise<FailpointReport> {
  const reference = await undisturbed(miniBatches);
  const redis = await startRedisServer();
  const lab = await openLiveLab();
  const bridge = await startEventBridgeServer();
  const gates = await openLiveGates(lab, redis.url, bridge.endpoint);
  const trial = openTrial(lab, gates, bridge, miniBatches, reference);
  const faults: string[] = [];
  const killedAt: string[] = [];
  try {
    for (const point of points) {
      let isKilled = false;
      for (let tries = 0; tries < TRIES && !isKilled && faults.length === 0; tries++) {
        const outcome = await trial.killAt(point);
        ({ isKilled } = outcome);
        faults.push(...outcome.faults.map((fault) => `${nameOf(point)}: ${fault}`));
      }
      if (!isKilled) faults.push(`${nameOf(point)}: it did not come to that`);
      else killedAt.push(nameOf(point));
      say(`${nameOf(point)}: ${faults.length} faults`);
      if (faults.length > 0) break;
    }
    return { faults, killedAt, miniBatches: trial.announced() };
  } finally {
    await lab.close();
    await gates.close();
    await bridge.close();
    await redis.close();
  }
}

/** Acts once, when the point comes. Unless `passes`, nobody hears then how the step ended. */
export function whenAt({ step, moment, nth }: Omit<Failpoint, 'isLate'>, act: () => void, passes = false): Watcher {
  let left = nth;
  return (seen, at) => {
    if (seen !== step || at !== moment || --left !== 0) return true;
    act();
    return passes;
  };
}

/** Mini-batches that were committed and of which nobody heard, and those that were told in two ways: there must be none. */
function untold(manifests: readonly Manifest[], { entries }: EventBridgeServer): string[] {
  const ids = new Map<string, Set<string>>();
  for (const { Detail = '' } of entries) {
    const { event_type: type, mini_batch_id: miniBatch, revision, event_id: id } = JSON.parse(Detail);
    if (type !== 'BatchCommitted') continue;
    for (const key of [`${miniBatch}`, `${miniBatch}, revision ${revision}`])
      ids.set(key, (ids.get(key) ?? new Set()).add(id));
  }
  return [
    ...manifests.flatMap(({ mini_batch_id: id }) => (ids.has(id) ? [] : [`${id} was committed, and not told`])),
    ...[...ids].flatMap(([key, { size }]) =>
      key.includes(',') && size > 1 ? [`${key} was told in ${size} ways`] : [],
    ),
  ];
}

function openTrial(
  lab: LiveLab,
  gates: LiveGates,
  bridge: EventBridgeServer,
  miniBatches: readonly MiniBatch[],
  reference: readonly Manifest[],
) {
  let announced = 0;
  let worker: LiveProcess | undefined;
  const next = (ahead = 0): MiniBatch => {
    const miniBatch = miniBatches[announced + ahead];
    if (miniBatch === undefined) throw new Error(`the trial needs more than ${miniBatches.length} mini-batches`);
    return miniBatch;
  };
  const differences = async () => [
    ...(await differencesOfLab(lab, { reference, announced })),
    // Nothing is left on the queue: whoever was to tell has told.
    ...untold(await lab.manifests(), bridge),
  ];
  return {
    announced: () => announced,
    async killAt({ step, moment, nth, isLate = false }: Failpoint) {
      worker ??= lab.serve(gates.settings);
      const victim = worker;
      if (isLate) {
        await lab.deliver(next(1));
        await lab.settled(announced + 1, [victim]);
      }
      let isKilled = false;
      gates.watch(
        whenAt({ step, moment, nth }, () => {
          isKilled = victim.ndr.process.kill('SIGKILL');
        }),
      );
      await lab.deliver(next());
      announced += isLate ? 2 : 1;
      const isOver = async (): Promise<boolean> =>
        lab.sqs.queue('ndr').messages.length === 0 && (await lab.manifests()).length === announced;
      while (!isKilled && victim.ndr.process.exitCode === null && !(await isOver())) await pause(50);
      // The message may be gone just because of the step that is waited for: its answer is on its way to the gate.
      await pause(isKilled ? 0 : 200);
      gates.watch(undefined);
      if (isKilled) {
        await victim.ndr.ended;
        lab.sqs.advance(HIDDEN_MS);
        worker = lab.serve(gates.settings);
      }
      return { isKilled, faults: await differences() };
    },
  };
}

/** Steps of one mini-batch that nothing disturbs, the second of a stream. */
export async function traceOfMiniBatch(miniBatches: readonly MiniBatch[]): Promise<Step[]> {
  const redis = await startRedisServer();
  const lab = await openLiveLab();
  const bridge = await startEventBridgeServer();
  const gates = await openLiveGates(lab, redis.url, bridge.endpoint);
  try {
    const worker = lab.serve(gates.settings);
    let trace: Step[] = [];
    gates.watch((step, moment) => {
      if (moment === 'done') trace.push(step);
      return true;
    });
    for (const [place, miniBatch] of miniBatches.slice(0, 2).entries()) {
      trace = [];
      await lab.deliver(miniBatch);
      await lab.settled(place + 1, [worker]);
    }
    return trace;
  } finally {
    await lab.close();
    await gates.close();
    await bridge.close();
    await redis.close();
  }
}
