import { STATUS_CODES } from 'node:http';
import { createServer } from 'node:net';
import { type FastifyInstance, type FastifyReply, fastify } from 'fastify';
import { SettingsError } from '../config/settings-table.ts';
import type { Log } from '../consumers/log.ts';
import type { Liveness, ReadinessCheck } from '../consumers/service-health.ts';
import { hideCredentials } from './hidden-credentials.ts';
import type { Exposition } from './prometheus-metrics.ts';

export interface HealthServerOptions {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  readonly metrics: Exposition;
  /** Both tell what is known already: they are asked at every request, and ask nobody. */
  readonly live: () => Liveness;
  readonly ready: () => readonly ReadinessCheck[];
  readonly log: Log;
}

export interface HealthServer {
  /** Such as http://127.0.0.1:9464. */
  readonly address: string;
  /** Takes no more requests and ends what connections there are. */
  close(): Promise<void>;
}

/** Nothing is asked with a body. */
const MOST_BODY_BYTES = 1024;
/** For a request to come in whole. */
const REQUEST_MS = 5000;
const PROBLEM = 'application/problem+json; charset=utf-8';

/**
 * Answers /metrics, /livez and /readyz.
 *
 * @throws {SettingsError} where http.host and http.port cannot be listened on.
 */
export async function openHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const { host, port, metrics, live, ready, log } = options;
  const app = fastify({
    bodyLimit: MOST_BODY_BYTES,
    requestTimeout: REQUEST_MS,
    // A scraper keeps its connection open, and would keep the process from ending.
    forceCloseConnections: true,
  });
  app.addHook('onRequest', async (_, reply) => void reply.header('cache-control', 'no-store'));
  app.get('/metrics', async (_, reply) => {
    // The text first: an answer that fails must not say that it is one.
    const text = await metrics.text();
    return reply.type(metrics.contentType).send(text);
  });
  app.get('/livez', async (_, reply) => {
    const { isAlive, why } = live();
    return reply.code(isAlive ? 200 : 503).send({ status: isAlive ? 'alive' : 'stuck', why: hideCredentials(why) });
  });
  app.get('/readyz', async (_, reply) => {
    const checks = ready().map(({ name, ok, why }) => ({ name, ok, why: hideCredentials(why) }));
    const isReady = checks.every(({ ok }) => ok);
    return reply.code(isReady ? 200 : 503).send({ status: isReady ? 'ready' : 'not ready', checks });
  });
  answerProblems(app, log);
  return { address: await listen(app, host, port), close: () => app.close() };
}

/** Whether a port can be listened on, as far as that can be known before it is done. */
export function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port }, () => server.close(() => resolve(true)));
  });
}

/** Faults are told as RFC 9457 has it; what went wrong inside is for the log alone. */
function answerProblems(app: FastifyInstance, log: Log): void {
  const answer = (reply: FastifyReply, status: number, detail: string): FastifyReply =>
    reply
      .code(status)
      .type(PROBLEM)
      .send(JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, detail }));
  app.setNotFoundHandler((_, reply) => answer(reply, 404, 'there is GET /metrics, /livez and /readyz'));
  app.setErrorHandler((error: Error & { readonly statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) return answer(reply, status, 'the request cannot be read');
    log.error('a request failed', { path: request.routeOptions.url ?? '', why: String(error) });
    return answer(reply, status, 'see the log');
  });
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    await app.close();
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const remedy = REMEDIES[code];
    if (remedy === undefined) throw error;
    throw new SettingsError([remedy(host.includes(':') ? `[${host}]` : host, port)]);
  }
}

const REMEDIES: Readonly<Record<string, (host: string, port: number) => string>> = {
  EADDRINUSE: (host, port) =>
    `http.port: another process listens on ${host}:${port} (EADDRINUSE); set another port, or 0 for a free one`,
  EACCES: (host, port) =>
    `http.port: this user may not listen on ${host}:${port} (EACCES); set a port from 1024 on, or 0 for a free one`,
  EADDRNOTAVAIL: (host) =>
    `http.host: ${host} is no address of this machine (EADDRNOTAVAIL); set one that is, or 0.0.0.0 for all`,
  ENOTFOUND: (host) => `http.host: nothing is known by the name ${host} (ENOTFOUND); set an address of this machine`,
};
