import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { packError, unpackError } from '../../src/consumers/crossing-errors.ts';
import { Refused } from '../../src/state/refused.ts';
import { Unavailable } from '../../src/state/unavailable.ts';

/** An error as it arrives in another thread. */
async function crossed(error: unknown): Promise<unknown> {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(packError(error));
  const [packed] = await once(port2, 'message');
  port1.close();
  return unpackError(packed);
}

describe('an error that crosses between threads', () => {
  it('of a system that is away is still told from all others', async () => {
    const error = new Unavailable('S3', 'GetObject of s3://raw/a', new Error('SlowDown (HTTP 503)'));
    const arrived = await crossed(error);
    expect(arrived).toBeInstanceOf(Unavailable);
    expect(arrived).toMatchObject({ system: 'S3', tried: 'GetObject of s3://raw/a', message: error.message });
  });

  it('of a system that refuses, too', async () => {
    const error = new Refused('S3', 'GetObject of s3://raw/a: AccessDenied; allow it', false);
    const arrived = await crossed(error);
    expect(arrived).toBeInstanceOf(Refused);
    expect(arrived).toMatchObject({ system: 'S3', isWhole: false, message: error.message });
  });

  it('of any other kind keeps its text', async () => {
    expect(await crossed(new Error('no such file'))).toMatchObject({ message: 'no such file' });
    expect(await crossed('a text')).toBe('a text');
  });
});
