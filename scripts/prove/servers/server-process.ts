import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { promisify } from 'node:util';

/** A server that others wrote, as a process of its own on the loopback. */
export interface RunningServer {
  /** Its address, or HOST:PORT. */
  readonly endpoint: string;
  stop(): Promise<void>;
}

type ServerProcess = Pick<RunningServer, 'stop'>;

const UP_WITHIN_MS = 300_000;
const DOWN_WITHIN_MS = 10_000;

/** Starts a program and waits until it takes connections. Its own words are told only where it does not come up. */
export async function startServer(
  name: string,
  command: string,
  args: readonly string[],
  port: number,
): Promise<ServerProcess> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const words: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => words.push(String(chunk)));
  let failure: string | undefined;
  child.once('error', (error) => {
    failure = error.message;
  });
  child.once('exit', (code, signal) => {
    failure ??= `it ended with ${code ?? signal}`;
  });
  const deadline = Date.now() + UP_WITHIN_MS;
  while (!(await answers(port))) {
    if (failure === undefined && Date.now() > deadline) failure = `it does not answer within ${UP_WITHIN_MS / 1_000} s`;
    if (failure !== undefined) {
      await end(child);
      throw new Error(`${name} does not start: ${failure}\n${words.join('').slice(-2_000)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return { stop: () => end(child) };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), DOWN_WITHIN_MS);
  await ended;
  clearTimeout(timer);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Ports that nobody has at the moment. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

const run = promisify(execFile);

/** Runs a program to its end; where it fails, its words are told. */
export async function runTool(what: string, command: string, args: readonly string[]): Promise<void> {
  await run(command, [...args], { maxBuffer: 64 * 2 ** 20 }).catch(
    (error: Error & { stdout?: string; stderr?: string }) => {
      const words = `${error.stdout ?? ''}${error.stderr ?? ''}`.slice(-2_000);
      throw new Error(`${what}: ${error.message.split('\n')[0]}\n${words}`);
    },
  );
}
