/** Competing workers over one queue, one lake, one index and one Redis, killed at random moments and replaced at once. */

import { setTimeout as pause } from 'node:timers/promises';
import { type Dice, seededDice } from '../../src/simulation/seeded-dice.ts';
import type { HeldMessage } from '../fakes/sqs-queue.ts';
import { type LiveGates, openLiveGates, type Step } from './live-gates.ts';
import { type LiveLab, type LiveProcess, missingFiles, openLiveLab, RAW_BUCKET, s3Event } from './live-lab.ts';
import { differencesOfLab, undisturbed } from './live-reference.ts';
import type { MiniBatch } from './mini-batch-folders.ts';
import { startRedisServer } from './redis-server.ts';

const WORKERS = 3;
/** Slices between the first that is not committed and the last that is announced: less than 2 hours, so that all are published again. */
const AHEAD = 6;
/** One of them has threads enough for work on two shards at once. */
const settingsOf = (gates: LiveGates, worker: number): Record<string, string> => ({
  ...gates.settings,
  NDR_LAKE_GC_GRACE_SECONDS: '1',
  NDR_THREADS: worker === 0 ? '2' : '1',
});

export interface LiveKillTrial {
  readonly miniBatches: readonly MiniBatch[];
  readonly kills: number;
  readonly seed: number;
  readonly say?: (line: string) => void;
}

export interface LiveKillReport {
  readonly faults: readonly string[];
  readonly kills: number;
  /** Where kills hit: a step that a server was asked for or had done, or any time. */
  readonly killedAt: Readonly<Record<string, number>>;
  readonly duplicates: number;
  readonly swaps: number;
  /** Receipts of messages beyond the first. */
  readonly redeliveries: number;
  /** Revisions beyond the first of a mini-batch. */
  readonly publishedAgain: number;
  /** Of the reader. */
  readonly looks: number;
  readonly filesRead: number;
}

interface Worker {
  readonly gates: LiveGates;
  readonly settings: Readonly<Record<string, string>>;
  process: LiveProcess;
}

/** Kills as often as asked, spread over the mini-batches, and compares what is there at the end. */
export async function killLiveWorkers({
  miniBatches,
  kills,
  seed,
  say = () => {},
}: LiveKillTrial): Promise<LiveKillReport> {
  const reference = await undisturbed(miniBatches);
  const redis = await startRedisServer();
  // A message may be in the hands of one killed worker after the other.
  const lab = await openLiveLab({ maxReceiveCount: 1000 });
  const workers: Worker[] = [];
  const over = new AbortController();
  const dice = seededDice(seed, 'live kills');
  const faults: string[] = [];
  const killedAt: Record<string, number> = {};
  try {
    for (let n = 0; n < WORKERS; n++) {
      const gates = await openLiveGates(lab, redis.url);
      const settings = settingsOf(gates, n);
      workers.push({ gates, settings, process: lab.serve(settings) });
    }
    const reader = readAllTheWhile(lab, over.signal);
    const deliveries = deliverAll(lab, miniBatches, seededDice(seed, 'live deliveries'), over.signal);
    let killed = 0;
    while (killed < kills && faults.length === 0) {
      // The last kills still meet work.
      const due = Math.floor((killed * (miniBatches.length - 3)) / kills);
      await committed(lab, (ids) => ids.size >= due || faultsOf(workers).length > 0, over.signal);
      const { victim, at } = await killOne(workers, dice);
      await victim.process.ndr.ended;
      victim.process = lab.serve(victim.settings);
      faults.push(...faultsOf(workers));
      killedAt[at] = (killedAt[at] ?? 0) + 1;
      if (++killed % 10 === 0) say(`${killed} kills`);
    }
    if (faults.length > 0) over.abort();
    const { duplicates, swaps, messages } = await deliveries;
    faults.push(...(await differencesOfLab(lab, { reference, announced: miniBatches.length })));
    faults.push(...faultsOf(workers));
    over.abort();
    const { looks, filesRead, faults: seen } = await reader;
    const publishedAgain = (await lab.manifests()).reduce((sum, { revision }) => sum + revision - 1, 0);
    const redeliveries = messages.reduce((sum, { receives }) => sum + receives - 1, 0);
    return {
      ...{ kills: killed, killedAt, duplicates, swaps, redeliveries, publishedAgain, looks, filesRead },
      faults: [...faults, ...seen],
    };
  } finally {
    over.abort();
    await lab.close();
    for (const { gates } of workers) await gates.close();
    await redis.close();
  }
}

/** Longer without any step there is nothing to wait for. */
const STEP_PATIENCE_MS = 20_000;

/** Kills a worker at any time, or the one that comes to a step right there. */
async function killOne(workers: readonly Worker[], dice: Dice): Promise<{ victim: Worker; at: string }> {
  const [wait, steps, moment] = [dice.between(0, 1500), dice.between(1, 40), dice.pick(['asked', 'done'] as const)];
  const anyone = dice.pick(workers);
  const kill = ({ process }: Worker): void => void process.ndr.process.kill('SIGKILL');
  if (dice.chance(0.4)) {
    await pause(wait);
    kill(anyone);
    return { victim: anyone, at: 'any time' };
  }
  let left = steps;
  const atStep = new Promise<{ victim: Worker; step: Step }>((resolve) => {
    for (const worker of workers)
      worker.gates.watch((step, at) => {
        if (at !== moment || --left !== 0) return true;
        kill(worker);
        resolve({ victim: worker, step });
        return false;
      });
  });
  const over = new AbortController();
  const late = pause(STEP_PATIENCE_MS, undefined, { signal: over.signal }).catch(() => undefined);
  const hit = await Promise.race([atStep, late]);
  over.abort();
  for (const { gates } of workers) gates.watch(undefined);
  if (hit !== undefined) return { victim: hit.victim, at: `${hit.step}, ${moment}` };
  kill(anyone);
  return { victim: anyone, at: 'any time' };
}

/** Of workers none may end but by being killed here, and then another takes its place. */
const faultsOf = (workers: readonly Worker[]): string[] =>
  workers.flatMap(({ process: { ndr } }) => {
    const { exitCode, signalCode } = ndr.process;
    return exitCode === null && signalCode === null ? [] : [`a worker ended by itself: ${exitCode ?? signalCode}`];
  });

/** Waits until those that are committed are enough. */
async function committed(lab: LiveLab, isEnough: (ids: ReadonlySet<string>) => boolean, over: AbortSignal) {
  while (!over.aborted) {
    const batches = await lab.index.committedBetween('default', 'v1', 0, Number.POSITIVE_INFINITY);
    if (isEnough(new Set(batches.map(({ miniBatchId }) => miniBatchId)))) return;
    await pause(100);
  }
}

/** Announces mini-batches: a few ahead of those that are committed, some before their turn, some twice. */
async function deliverAll(lab: LiveLab, miniBatches: readonly MiniBatch[], dice: Dice, over: AbortSignal) {
  const order = [...miniBatches];
  let [duplicates, swaps] = [0, 0];
  for (let place = 0; place + 1 < order.length; place++) {
    if (!dice.chance(0.1)) continue;
    [order[place], order[place + 1]] = [order[place + 1]!, order[place]!];
    swaps++;
    place++;
  }
  const messages: HeldMessage[] = [];
  for (const [place, miniBatch] of order.entries()) {
    const before = order.slice(0, Math.max(0, place - AHEAD));
    await committed(lab, (ids) => before.every(({ id }) => ids.has(id)), over);
    if (over.aborted) break;
    const address = await lab.put(miniBatch);
    const key = `${address.slice(`s3://${RAW_BUCKET}/`.length)}/part-0.json.gz`;
    const isTwice = dice.chance(0.15);
    if (isTwice) duplicates++;
    for (let n = 0; n < (isTwice ? 2 : 1); n++)
      messages.push(lab.sqs.queue('ndr').send({ body: s3Event([key], miniBatch.sliceEnd + 5000) }));
  }
  return { duplicates, swaps, messages };
}

/** Follows the index to manifests and files, again and again; whatever is not there as it is named was named wrongly. */
async function readAllTheWhile(lab: LiveLab, over: AbortSignal) {
  const read = new Set<string>();
  const faults: string[] = [];
  let looks = 0;
  while (!over.aborted) {
    looks++;
    for (const fault of await faultsSeen(lab, read)) faults.push(fault);
    await pause(250);
  }
  return { looks, filesRead: read.size, faults };
}

/** A revision may be superseded, and its files swept, while it is read: then a reader reads the index again. */
async function faultsSeen(lab: LiveLab, read: Set<string>): Promise<string[]> {
  let faults: string[] = [];
  for (let tries = 0; tries < 3; tries++) {
    try {
      const manifests = await lab.manifests();
      const unread = manifests.filter((one) => !pathsOf(one).every((path) => read.has(path)));
      faults = (await missingFiles(lab.lake, unread)).map((path) => `a reader did not find ${path} as it was named`);
      if (faults.length > 0) continue;
      for (const path of unread.flatMap(pathsOf)) read.add(path);
      return [];
    } catch (error) {
      faults = [`a reader could not follow the index: ${String(error)}`];
    }
  }
  return faults;
}

const pathsOf = ({ datasets }: Awaited<ReturnType<LiveLab['manifests']>>[number]): string[] =>
  Object.values(datasets).flatMap(({ files }) => files.map(({ path }) => path));
