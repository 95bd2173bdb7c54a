/** A gate before a server: it passes bytes on, sees what is asked, and acts at an exact moment of the server's own making. */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** What of a request tells its kind: all of it that came so far, with the answer where there is one. */
export type KindOf = (request: string, answer?: string) => string | undefined;

/** `asked`: the request has come, and does not go on to the server. `done`: it was carried out; nobody hears so. */
export type Moment = 'asked' | 'done';

export interface Gate {
  readonly port: number;
  /** From now on new connections lead there. */
  lead(port: number): void;
  close(): Promise<void>;
}

/**
 * Opens a gate on a free port of the loopback.
 *
 * @param passes hears of every request of a known kind, at both moments; false: its connection ends instead
 */
export async function openGate(
  port: number,
  kindOf: KindOf,
  passes: (kind: string, moment: Moment) => boolean,
): Promise<Gate> {
  const open = new Set<Socket>();
  let target = port;
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    let [request, asked, isShut] = ['', false, false];
    const judge = (kind: string, moment: Moment): void => {
      isShut = !passes(kind, moment);
      if (isShut) client.destroy();
    };
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
      if (isShut) return;
      request += bytes.toString('latin1');
      const kind = asked ? undefined : kindOf(request);
      if (kind !== undefined) {
        asked = true;
        judge(kind, 'asked');
      }
      if (!isShut) upstream.write(bytes);
    });
    // Once the server answers, it has done what it was asked for.
    upstream.on('data', (bytes) => {
      if (isShut) return;
      const kind = kindOf(request, bytes.toString('latin1'));
      if (kind !== undefined) judge(kind, 'done');
      [request, asked] = ['', false];
      if (!isShut) client.write(bytes);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    lead(next) {
      target = next;
    },
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export interface LossyGate extends Gate {
  readonly endpoint: string;
  /** The answers to the next `count` requests of the kind never arrive, though what they ask for is done. */
  lose(count: number): void;
}

/** A gate before a server of HTTP that loses answers to requests whose bytes hold `text`. */
export async function openLossyGate(port: number, text: string): Promise<LossyGate> {
  let left = 0;
  const kindOf: KindOf = (request) => (request.includes(text) ? text : undefined);
  const gate = await openGate(port, kindOf, (_, moment) => moment === 'asked' || left-- <= 0);
  return {
    ...gate,
    endpoint: `http://127.0.0.1:${gate.port}`,
    lose(count) {
      left = count;
    },
  };
}
