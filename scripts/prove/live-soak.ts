/** Thousands of small mini-batches through one worker with Redis: nothing may grow that need not. */

import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LiveLab, openLiveLab } from '../../test/support/live-lab.ts';
import type { MiniBatch } from '../../test/support/mini-batch-folders.ts';
import { officeMiniBatches } from '../../test/support/office-mini-batches.ts';
import { type RedisServer, startRedisServer } from '../../test/support/redis-server.ts';
import { count, type Section } from './evidence.ts';
import { settledSlope } from './soak-series.ts';

const MB = 1e6;
const IN_FLIGHT = 8;
/** What counts as flat, from the middle to the end. */
const MOST_CHANGE = 0.1;

export interface LiveSoakOptions {
  readonly miniBatches: number;
  /** Slices from one mini-batch to the next. */
  readonly every: number;
  readonly sampleEvery: number;
  readonly seed: number;
  readonly settings?: Readonly<Record<string, string>>;
}

export interface LiveSample {
  readonly committed: number;
  /** Bytes. */
  readonly rss: number;
  readonly heap: number;
  readonly redisBytes: number;
  readonly redisKeys: number;
}

export interface LiveSoak {
  readonly samples: readonly LiveSample[];
  /** Mini-batches that the index has, and the greatest revision of one. */
  readonly committed: number;
  readonly revision: number;
  readonly messagesLeft: number;
  readonly deadLetters: number;
  readonly seconds: number;
  readonly lines: number;
  readonly warnings: readonly string[];
}

/** Delivers the mini-batches in order, a few at a time ahead of the worker, and looks at it now and then. */
export async function runLiveSoak(options: LiveSoakOptions, say: (line: string) => void): Promise<LiveSoak> {
  const { miniBatches: wanted, every, sampleEvery, seed, settings = {} } = options;
  const all = officeMiniBatches({ seed, hosts: 3, slices: wanted * every, thin: 12 });
  const miniBatches = all.filter((_, n) => n % every === 0);
  const lab = await openLiveLab();
  const redis = await startRedisServer();
  try {
    return await deliverAll({ lab, redis, miniBatches, sampleEvery, settings }, say);
  } finally {
    await lab.close();
    await redis.close();
  }
}

interface Setup {
  readonly lab: LiveLab;
  readonly redis: RedisServer;
  readonly miniBatches: readonly MiniBatch[];
  readonly sampleEvery: number;
  readonly settings: Readonly<Record<string, string>>;
}

async function deliverAll(setup: Setup, say: (line: string) => void): Promise<LiveSoak> {
  const { lab, redis, miniBatches, sampleEvery, settings } = setup;
  const worker = lab.serve({ NDR_REDIS_STATE_URL: redis.url, ...settings });
  const { ndr, results } = worker;
  const samples: LiveSample[] = [];
  const begun = Date.now();
  const isRunning = (): boolean => ndr.process.exitCode === null && ndr.process.signalCode === null;
  const committedUpTo = async (least: number): Promise<void> => {
    while (results.length < least && isRunning()) await Promise.race([sleep(20), ndr.ended]);
  };
  for (const [n, miniBatch] of miniBatches.entries()) {
    await committedUpTo(n - IN_FLIGHT + 1);
    if (!isRunning()) break;
    await lab.deliver(miniBatch);
    if ((n + 1) % sampleEvery !== 0) continue;
    await committedUpTo(n + 1);
    samples.push({ committed: n + 1, ...(await memoryOf(ndr.process.pid!)), ...(await sizeOf(redis)) });
    say(`live-soak: ${n + 1} of ${miniBatches.length}`);
  }
  if (isRunning()) await lab.settled(miniBatches.length, [worker]);
  const seconds = (Date.now() - begun) / 1000;
  const { stderr } = await worker.stop();
  const manifests = await lab.manifests();
  return {
    samples,
    committed: manifests.length,
    revision: Math.max(...manifests.map(({ revision }) => revision)),
    messagesLeft: lab.sqs.queue('ndr').messages.length,
    deadLetters: lab.sqs.queue('ndr-dead-letters').messages.length,
    seconds,
    lines: miniBatches.reduce((sum, { lines }) => sum + lines.length, 0),
    // A line of its log each: at the level warn nothing else is logged.
    // Node itself says of each report that it was written.
    warnings: stderr.split('\n').filter((line) => line !== '' && !/^(?:Writing )?Node\.js report/.test(line)),
  };
}

/** As the process itself reports it when it is asked by a signal. */
async function memoryOf(pid: number): Promise<Pick<LiveSample, 'rss' | 'heap'>> {
  const find = (): string | undefined =>
    readdirSync(tmpdir()).find((name) => name.startsWith('report.') && name.includes(`.${pid}.`));
  process.kill(pid, 'SIGUSR2');
  for (;;) {
    await sleep(50);
    const name = find();
    if (name === undefined) continue;
    const path = join(tmpdir(), name);
    try {
      const { javascriptHeap, resourceUsage } = JSON.parse(readFileSync(path, 'utf8')) as {
        javascriptHeap: { usedMemory: number };
        resourceUsage: { rss: number };
      };
      rmSync(path);
      return { heap: javascriptHeap.usedMemory, rss: Number(resourceUsage.rss) };
    } catch (error) {
      // It is still being written.
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
}

async function sizeOf({ client }: RedisServer): Promise<Pick<LiveSample, 'redisBytes' | 'redisKeys'>> {
  const [, bytes = '0'] = /used_memory:(\d+)/.exec(await client.info('memory')) ?? [];
  return { redisBytes: Number(bytes), redisKeys: await client.dbsize() };
}

export async function proveLiveSoak(
  { miniBatches, seed }: { readonly miniBatches: number; readonly seed: number },
  say: (line: string) => void,
): Promise<Section> {
  const soak = await runLiveSoak({ miniBatches, every: 1, sampleEvery: 20, seed }, say);
  const faults: string[] = [];
  if (soak.committed !== miniBatches) faults.push(`${soak.committed} of ${miniBatches} mini-batches were committed`);
  if (soak.revision !== 1) faults.push(`one was committed ${soak.revision} times`);
  if (soak.messagesLeft + soak.deadLetters > 0)
    faults.push(`${soak.messagesLeft} messages were left and ${soak.deadLetters} dead-lettered`);
  faults.push(...soak.warnings);
  const half = Math.floor(soak.samples.length / 2);
  const series = (of: (sample: LiveSample) => number) => settledSlope(soak.samples.map(of), half);
  const slopes = {
    'resident memory': series(({ rss }) => rss),
    'heap in use': series(({ heap }) => heap),
    'memory of Redis': series(({ redisBytes }) => redisBytes),
    'keys in Redis': series(({ redisKeys }) => redisKeys),
  };
  for (const [what, { change }] of Object.entries(slopes))
    if (!(change <= MOST_CHANGE)) faults.push(`${what} grew by ${percent(change)}`);
  const told = (name: keyof typeof slopes, unit: number, of: string): string => {
    const { mean, change } = slopes[name];
    return `- ${name[0]!.toUpperCase()}${name.slice(1)}: ${(mean / unit).toFixed(unit === 1 ? 0 : 1)}${of} on average, its regression line ${percent(change)} from the middle to the end.`;
  };
  return {
    faults,
    lines: [
      `${count(miniBatches)} mini-batches (seed ${seed}, ${count(soak.lines)} lines, one a slice) put into an S3 server, announced over SQS and taken by one \`ndr serve\``,
      `with DynamoDB and a real Redis, at most ${IN_FLIGHT} ahead of it: ${Math.round(soak.seconds)} s, ${(soak.committed / soak.seconds).toFixed(1)} a second. Looked at every 20 mini-batches; of the last half:`,
      '',
      told('resident memory', MB, ' MB'),
      told('heap in use', MB, ' MB'),
      told('memory of Redis', MB, ' MB'),
      told('keys in Redis', 1, ''),
      '- Every mini-batch was committed once; no message was left, and none was dead-lettered.',
    ],
  };
}

const percent = (share: number): string => `${share < 0 ? '' : '+'}${(share * 100).toFixed(1)} %`;
