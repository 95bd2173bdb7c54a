import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { SettingsError } from '../../src/config/settings-table.ts';
import type { Liveness, ReadinessCheck } from '../../src/consumers/service-health.ts';
import { type HealthServer, type HealthServerOptions, openHealthServer } from '../../src/http/health-server.ts';
import { openPrometheusMetrics } from '../../src/http/prometheus-metrics.ts';
import { readExposition, sampleOf } from '../support/exposition.ts';
import { type LoggedLines, loggedLines } from '../support/logged-lines.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

interface Standing {
  live: Liveness;
  ready: readonly ReadinessCheck[];
}

interface Served {
  readonly server: HealthServer;
  readonly logged: LoggedLines;
  get(path: string, init?: RequestInit): Promise<Response>;
}

const WELL: Standing = { live: { isAlive: true, why: 'turned 2 s ago' }, ready: [] };

async function serve(standing: Standing = WELL, options: Partial<HealthServerOptions> = {}): Promise<Served> {
  const logged = loggedLines();
  const server = await openHealthServer({
    host: '127.0.0.1',
    port: 0,
    metrics: openPrometheusMetrics().exposition,
    live: () => standing.live,
    ready: () => standing.ready,
    log: logged.log,
    ...options,
  });
  open.push(server);
  return { server, logged, get: (path, init) => fetch(`${server.address}${path}`, init) };
}

describe('/metrics', () => {
  it('tells what stands at the time it is asked', async () => {
    const metrics = openPrometheusMetrics();
    const { get } = await serve(WELL, { metrics: metrics.exposition });
    const received = async () => {
      const response = await get('/metrics');
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
      expect(response.headers.get('cache-control')).toBe('no-store');
      return sampleOf(readExposition(await response.text()), 'ndr_messages_received_total');
    };
    expect(await received()).toBe(0);
    metrics.count('ndr_messages_received_total', {}, 7);
    expect(await received()).toBe(7);
  });

  it('that cannot be told is a fault without its reasons, which the log has', async () => {
    const text = async (): Promise<string> => {
      throw new Error('no such thing at redis://user:hunter2@cache:6379');
    };
    const { get, logged } = await serve(WELL, { metrics: { contentType: 'text/plain', text } });
    const response = await get('/metrics');
    expect(response.status).toBe(500);
    expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(await response.json()).toEqual({
      type: 'about:blank',
      title: 'Internal Server Error',
      status: 500,
      detail: 'see the log',
    });
    expect(logged.lines()).toMatchObject([
      { level: 'error', path: '/metrics', why: 'Error: no such thing at redis://(secret)@cache:6379' },
    ]);
  });
});

describe('/livez', () => {
  it('follows the loop', async () => {
    const standing = { ...WELL };
    const { get } = await serve(standing);
    expect((await get('/livez')).status).toBe(200);
    standing.live = { isAlive: false, why: 'the loop has not turned for 130 s' };
    const response = await get('/livez');
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ status: 'stuck', why: 'the loop has not turned for 130 s' });
    standing.live = WELL.live;
    expect(await (await get('/livez')).json()).toEqual({ status: 'alive', why: 'turned 2 s ago' });
  });

  it('does not care what is not ready', async () => {
    const { get } = await serve({ ...WELL, ready: [{ name: 's3', ok: false, why: 'no answer for 40 s' }] });
    expect((await get('/livez')).status).toBe(200);
  });
});

describe('/readyz', () => {
  it('names every check, and is ready if all are', async () => {
    const standing: Standing = {
      live: { isAlive: false, why: 'stuck' },
      ready: [
        { name: 's3', ok: true, why: 'answered 1 s ago' },
        { name: 'redis', ok: true, why: 'answered 3 s ago' },
      ],
    };
    const { get } = await serve(standing);
    const well = await get('/readyz');
    expect(well.status).toBe(200);
    expect(await well.json()).toEqual({ status: 'ready', checks: standing.ready });

    standing.ready = [
      standing.ready[0]!,
      { name: 'redis', ok: false, why: 'refused by rediss://ndr:p@ss@cache:6380/0' },
    ];
    const ill = await get('/readyz');
    expect(ill.status).toBe(503);
    expect(await ill.json()).toEqual({
      status: 'not ready',
      checks: [standing.ready[0], { name: 'redis', ok: false, why: 'refused by rediss://(secret)@cache:6380/0' }],
    });
  });
});

describe('whatever else is asked', () => {
  it.each([
    ['GET', '/'],
    ['GET', '/metrics/'],
    ['GET', '/%2e%2e/etc/passwd'],
    ['POST', '/metrics'],
    ['DELETE', '/readyz'],
  ])('%s %s is not there', async (method, path) => {
    const { get, logged } = await serve();
    const response = await get(path, { method });
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(await response.json()).toEqual({
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
      detail: 'there is GET /metrics, /livez and /readyz',
    });
    expect(logged.lines()).toEqual([]);
  });

  it('is refused where it cannot be read, without a word about how it is read', async () => {
    const { get } = await serve();
    const asks: [RequestInit, number][] = [
      [{ method: 'POST', body: 'x'.repeat(5000), headers: { 'content-type': 'application/json' } }, 413],
      [{ method: 'POST', body: '{', headers: { 'content-type': 'application/json' } }, 400],
    ];
    for (const [init, status] of asks) {
      const response = await get('/metrics', init);
      expect(await response.json()).toMatchObject({ status, detail: 'the request cannot be read' });
      expect(response.status).toBe(status);
    }
    expect((await get('/livez%')).status).toBe(400);
    expect((await get('/livez')).status).toBe(200);
  });

  it('leaves the server as it was, were it no HTTP at all', async () => {
    const { server, get } = await serve();
    const { port } = new URL(server.address);
    const socket = connect(Number(port), '127.0.0.1');
    socket.end('\u0016\u0003\u0001 hello\r\n\r\n');
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).not.toMatch(/ at |node_modules/);
    expect((await get('/livez')).status).toBe(200);
  });

  it('is told nothing of what it runs on', async () => {
    const { get } = await serve();
    const { headers } = await get('/livez');
    expect([...headers.keys()].filter((name) => /^(?:server|x-powered-by|via)$/.test(name))).toEqual([]);
  });
});

/** A connection that says something and waits. */
async function said(port: number, text: string): Promise<{ first: Promise<unknown>; ended: Promise<void> }> {
  const socket = connect(port, '127.0.0.1');
  // A reset is an end like any other.
  const ended = new Promise<void>((resolve) => socket.on('error', () => {}).on('close', () => resolve()));
  const first = new Promise((resolve) => socket.once('data', resolve));
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  socket.write(text);
  return { first, ended };
}

describe('closing', () => {
  it('ends connections that are kept open, and those that never say what they want', async () => {
    const { server } = await serve();
    const port = Number(new URL(server.address).port);
    const kept = await said(port, 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(String(await kept.first)).toMatch(/^HTTP\/1\.1 200 /);
    const silent = await said(port, 'GET /metrics HTTP/1.1\r\n');
    await server.close();
    await Promise.all([kept.ended, silent.ended]);
    await expect(fetch(`${server.address}/livez`)).rejects.toThrow();
  });

  it('gives the port back', async () => {
    const first = await serve();
    await first.server.close();
    const port = Number(new URL(first.server.address).port);
    const second = await serve(WELL, { port });
    expect(second.server.address).toBe(`http://127.0.0.1:${port}`);
    expect((await second.get('/livez')).status).toBe(200);
  });
});

describe('an address that cannot be had', () => {
  it('is the fault of a setting, with what to do, where another listens there', async () => {
    const other: Server = createServer();
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    open.push({ close: () => new Promise((resolve) => other.close(() => resolve())) });
    const { port } = other.address() as { port: number };
    const refused = serve(WELL, { port });
    await expect(refused).rejects.toThrow(SettingsError);
    await expect(refused).rejects.toThrow(
      `http.port: another process listens on 127.0.0.1:${port} (EADDRINUSE); set another port, or 0 for a free one`,
    );
  });

  it('is the fault of a setting where this machine has no such address', async () => {
    // 192.0.2.0/24 is for documentation: no machine has it.
    await expect(serve(WELL, { host: '192.0.2.1' })).rejects.toThrow(
      'http.host: 192.0.2.1 is no address of this machine (EADDRNOTAVAIL); set one that is, or 0.0.0.0 for all',
    );
  });
});
