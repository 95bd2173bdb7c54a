/** What is said of a Redis before anything depends on it. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { examineRedis, type RedisHealth } from '../../src/state/window-state/redis-health.ts';
import { freePort, type RedisServer, startRedisServer } from '../support/redis-server.ts';

/** Examines a server of its own, started as told. */
async function healthOf(
  args: readonly string[],
  prepare: (server: RedisServer) => unknown = () => {},
): Promise<RedisHealth> {
  const server = await startRedisServer({ args });
  try {
    await prepare(server);
    return await examineRedis(server.url);
  } finally {
    await server.close();
  }
}

const WELL = ['--maxmemory', '64mb'];

describe('examining a Redis', () => {
  it('that is as it should be gives its facts and no advice', async () => {
    const health = await healthOf(WELL);
    expect(health).toMatchObject({ is: 'reachable', maxBytes: 64 << 20, policy: 'noeviction', advice: [] });
    if (health.is !== 'reachable') return;
    expect(health.address).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(health.version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(health.usedBytes).toBeGreaterThan(100_000);
  });

  it.each(['allkeys-lru', 'volatile-ttl'])('that evicts (%s) gives advice', async (policy) => {
    const health = await healthOf([...WELL, '--maxmemory-policy', policy]);
    expect(health).toMatchObject({ policy, advice: [{ remedy: 'set maxmemory-policy noeviction' }] });
  });

  it('without a bound of its memory gives advice', async () => {
    const health = await healthOf([]);
    expect(health).toMatchObject({ maxBytes: null, advice: [{ remedy: expect.stringContaining('state.max_bytes') }] });
  });

  it('that is full gives advice', async () => {
    const health = await healthOf(WELL, ({ client }) => client.config('SET', 'maxmemory', '100kb'));
    expect(health).toMatchObject({ advice: [{ what: expect.stringContaining('is full') }] });
  });

  it('that is a replica gives advice', async () => {
    const primary = await startRedisServer({ args: WELL });
    const replica = await primary.replica();
    try {
      const health = await examineRedis(replica.url);
      expect(health).toMatchObject({
        advice: expect.arrayContaining([expect.objectContaining({ what: expect.stringContaining('is a replica') })]),
      });
    } finally {
      await replica.close();
      await primary.close();
    }
  });

  it('that is not there, frozen or closed to us tells the fault and no secret', async () => {
    const port = await freePort();
    expect(await examineRedis(`redis://:hunter2@127.0.0.1:${port}`)).toMatchObject({
      is: 'away',
      address: `127.0.0.1:${port}`,
      fault: expect.stringContaining('ECONNREFUSED'),
    });
    const server = await startRedisServer();
    try {
      await server.client.config('SET', 'requirepass', 'right');
      const wrong = await examineRedis(`redis://:hunter2@127.0.0.1:${server.port}`);
      expect(wrong).toMatchObject({ is: 'away', fault: expect.stringContaining('WRONGPASS') });
      server.pause();
      const frozen = await examineRedis(`redis://:right@127.0.0.1:${server.port}`);
      expect(frozen).toMatchObject({ is: 'away', fault: expect.stringContaining('no answer') });
      expect(JSON.stringify([wrong, frozen])).not.toMatch(/hunter2|right/);
    } finally {
      server.resume();
      await server.close();
    }
  });
});

describe('a Redis behind TLS (rediss://)', () => {
  it('is used where its certificate is trusted, and only there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'redis-tls-'));
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    execFileSync('openssl', ['req', ...kind, ...subject, '-keyout', key, '-out', certificate], { stdio: 'pipe' });
    const tlsPort = await freePort();
    const tls = ['--tls-port', `${tlsPort}`, '--tls-cert-file', certificate, '--tls-key-file', key];
    const server = await startRedisServer({ args: [...WELL, ...tls, '--tls-auth-clients', 'no'] });
    const trusted = getCACertificates('default');
    try {
      const url = `rediss://localhost:${tlsPort}`;
      expect(await examineRedis(url)).toMatchObject({ is: 'away', fault: expect.stringContaining('self-signed') });
      setDefaultCACertificates([...trusted, readFileSync(certificate, 'utf8')]);
      expect(await examineRedis(url)).toMatchObject({ is: 'reachable', address: `localhost:${tlsPort}`, advice: [] });
    } finally {
      setDefaultCACertificates(trusted);
      await server.close();
      rmSync(folder, { recursive: true });
    }
  });
});
