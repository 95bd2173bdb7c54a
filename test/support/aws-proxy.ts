/** Stands before a server of one of AWS's JSON protocols and does to its callers what a test wants done. */

import { once } from 'node:events';
import { createServer, request as sendOn } from 'node:http';
import type { AddressInfo } from 'node:net';

/** `away`: the connection ends without an answer. `refused`: nothing is done, and the answer says why. */
export type AwsTrouble = { readonly is: 'away' } | { readonly is: 'refused'; readonly code: string };

export interface AwsProxy {
  readonly endpoint: string;
  /** Calls so far, by operation, troubled ones included. */
  readonly calls: ReadonlyMap<string, number>;
  /** Asked at every call; undefined: it goes well. */
  setTrouble(choose: (operation: string) => AwsTrouble | undefined): void;
  close(): Promise<void>;
}

export async function startAwsProxy(upstream: string): Promise<AwsProxy> {
  const { hostname: host, port } = new URL(upstream);
  const calls = new Map<string, number>();
  let choose: (operation: string) => AwsTrouble | undefined = () => undefined;
  const server = createServer((request, response) => {
    const operation = String(request.headers['x-amz-target']).split('.')[1]!;
    calls.set(operation, (calls.get(operation) ?? 0) + 1);
    const trouble = choose(operation);
    if (trouble?.is === 'away') {
      request.socket.destroy();
      return;
    }
    if (trouble?.is === 'refused') {
      request.resume();
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify({ __type: `com.amazonaws.any#${trouble.code}`, message: 'made to fail' }));
      return;
    }
    const { method, url, headers } = request;
    const onward = sendOn({ host, port, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    // A long poll that nobody waits for any more must not take a message.
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    setTrouble(chosen) {
      choose = chosen;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
