import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly wall_seconds: number;
}

/** Runs a script of this folder in a process of its own, as the product's start script would; throws where it fails. */
export async function runChild(script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const started = performance.now();
  const child = spawn(
    process.execPath,
    ['--max-semi-space-size=2', '--max-old-space-size=8192', join(import.meta.dirname, script), ...args],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } },
  );
  const ended = new Promise<number | null>((resolve, reject) => child.once('exit', resolve).once('error', reject));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (code !== 0) throw new Error(`bench: ${script} ${args.join(' ')} exited with ${code}: ${stderr.slice(-2_000)}`);
  return { stdout, stderr, wall_seconds: (performance.now() - started) / 1000 };
}
