import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { S3FaultPlan } from './s3-fault-rules.ts';

export interface S3Child {
  readonly endpoint: string;
  setFaults(plan: S3FaultPlan): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the fake S3 in a process of its own. It ends with its parent, however that one ends.
 * @param folder where objects are kept; absent: in its memory
 */
export async function startS3Child(buckets: readonly string[], folder?: string): Promise<S3Child> {
  const script = fileURLToPath(new URL('s3-process.ts', import.meta.url));
  const args = [script, buckets.join(','), ...(folder === undefined ? [] : [folder])];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const [endpoint] = (await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    ended.then(([code]) => {
      throw new Error(`the fake S3 ended with ${code} before it said its address`);
    }),
  ])) as [string];
  return {
    endpoint,
    async setFaults(plan) {
      const answer = await fetch(`${endpoint}/-/faults`, { method: 'PUT', body: JSON.stringify(plan) });
      if (!answer.ok) throw new Error(`the fake S3 took no faults: ${answer.status}`);
    },
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}
