/** Passes bytes on between a client and a server, and loses what a test wants lost. */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface TcpProxy {
  readonly endpoint: string;
  /** The answers to the next `count` requests whose bytes hold `text` never arrive: the connection ends instead. */
  loseAnswers(text: string, count: number): void;
  close(): Promise<void>;
}

export async function startTcpProxy(port: number): Promise<TcpProxy> {
  const open = new Set<Socket>();
  let [wanted, left] = ['', 0];
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    let isLosing = false;
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        open.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (bytes) => {
      if (left > 0 && bytes.includes(wanted)) {
        left--;
        isLosing = true;
      }
      upstream.write(bytes);
    });
    // Once the server answers, it has done what it was asked for.
    upstream.on('data', (bytes) => {
      if (isLosing) client.destroy();
      else client.write(bytes);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    loseAnswers(text, count) {
      [wanted, left] = [text, count];
    },
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
