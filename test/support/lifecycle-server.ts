/** As much of S3 as has to do with rules of buckets. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface LifecycleServer {
  readonly endpoint: string;
  /** Bucket -> the XML of its rules, as it was sent. */
  readonly rules: Map<string, string>;
  /** How often rules were written. */
  readonly writes: () => number;
  /** From now on every request is answered so. */
  refuse(status: number, code: string): void;
  close(): Promise<void>;
}

export async function startLifecycleServer(): Promise<LifecycleServer> {
  const rules = new Map<string, string>();
  let writes = 0;
  let refusal: { readonly status: number; readonly code: string } | undefined;
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const { pathname, searchParams } = new URL(request.url!, 'http://s3');
    const bucket = pathname.replaceAll('/', '');
    const fail = (status: number, code: string): void => {
      response.writeHead(status, { 'content-type': 'application/xml' });
      response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>as told</Message></Error>`);
    };
    if (refusal !== undefined) return fail(refusal.status, refusal.code);
    if (!searchParams.has('lifecycle')) return fail(400, 'InvalidRequest');
    if (request.method === 'PUT') {
      writes++;
      rules.set(bucket, body);
      response.end();
      return;
    }
    const found = rules.get(bucket);
    if (found === undefined) return fail(404, 'NoSuchLifecycleConfiguration');
    response.writeHead(200, { 'content-type': 'application/xml' });
    response.end(found);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    rules,
    writes: () => writes,
    refuse(status, code) {
      refusal = { status, code };
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
