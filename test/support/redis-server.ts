/** A Redis server of one's own on the loopback: real, without any persistence. */

import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** A client for the test itself. It connects again by itself after a restart. */
  readonly client: Redis;
  /** Ends it as a crash would. What it held is gone. */
  kill(): Promise<void>;
  /** Starts it again, empty, on the same port. */
  restart(): Promise<void>;
  /** Freezes the process: connections stay open, and nothing is answered. */
  pause(): void;
  resume(): void;
  /** Another server that follows this one, once it is in step with it. */
  replica(): Promise<RedisServer>;
  /** Makes a replica a primary. */
  promote(): Promise<void>;
  /** Ends it for good, paused or not, and forgets its folder. */
  close(): Promise<void>;
}

export interface RedisServerOptions {
  /** Beside the port; later ones win. */
  readonly args?: readonly string[];
}

const PATIENCE_MS = 20_000;
const BASE_ARGS = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'];
/** A replica may follow at once, without waiting for others. */
const REPLICATION_ARGS = ['--repl-diskless-sync-delay', '0'];

/** Starts `redis-server` on a free port; throws where it is not installed. */
export async function startRedisServer({ args = [] }: RedisServerOptions = {}): Promise<RedisServer> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'redis-'));
  const allArgs = ['--port', `${port}`, '--dir', folder, ...BASE_ARGS, ...REPLICATION_ARGS, ...args];
  const client = new Redis(port, '127.0.0.1', {
    lazyConnect: true,
    retryStrategy: () => 50,
    maxRetriesPerRequest: null,
  });
  client.on('error', () => {});
  let child = await start(allArgs, client);

  const end = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    client,
    kill: end,
    async restart() {
      await end();
      child = await start(allArgs, client);
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async replica() {
      const follower = await startRedisServer({ args: ['--replicaof', '127.0.0.1', `${port}`] });
      await until('the replica is in step', async () =>
        (await follower.client.info('replication')).includes('master_link_status:up'),
      );
      return follower;
    },
    async promote() {
      await client.call('REPLICAOF', 'NO', 'ONE');
    },
    async close() {
      client.disconnect();
      await end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Waits for what is bound to come. */
export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const last = Date.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (Date.now() > last) throw new Error(`it did not come about that ${what}`);
    await sleep(20);
  }
}

async function start(args: readonly string[], client: Redis): Promise<ChildProcess> {
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  // A server must not outlive the tests that started it.
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  const failed = new Promise<never>((_, reject) => {
    child.once('error', (error) => reject(new Error(notStarted(error), { cause: error })));
    child.once('exit', () => reject(new Error(`redis-server ended before it answered: ${said}`)));
  });
  await Promise.race([client.ping(), failed]);
  failed.catch(() => {});
  return child;
}

const notStarted = (error: NodeJS.ErrnoException): string =>
  error.code === 'ENOENT'
    ? 'redis-server is not installed; install it: apt-get install -y --no-install-recommends redis-server'
    : `redis-server cannot be started: ${error.message}`;

/**
 * A port of the loopback that nobody listens on. It lies below those that the system gives out: none of the many connections of
 * other tests takes it before it is used.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_768);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
