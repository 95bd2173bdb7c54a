/** What the service tells of itself, judged by Prometheus' own tool. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Alarm } from '../../src/consumers/metric.ts';
import { METRICS } from '../../src/consumers/metrics-table.ts';
import { openHealthServer } from '../../src/http/health-server.ts';
import { openPrometheusMetrics } from '../../src/http/prometheus-metrics.ts';
import { recordEveryMetric } from '../support/every-metric.ts';
import { loggedLines } from '../support/logged-lines.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ndr-promtool-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function promtool(args: readonly string[], input = ''): { said: string; status: number | null } {
  const { status, stdout, stderr, error } = spawnSync('promtool', args, { input, encoding: 'utf8', cwd: folder });
  if (error !== undefined)
    throw new Error(`promtool does not run (${error.message}); apt-get install --no-install-recommends prometheus`);
  return { said: `${stdout}${stderr}`, status };
}

async function metricsAsServed(): Promise<string> {
  const metrics = openPrometheusMetrics();
  recordEveryMetric(metrics);
  const server = await openHealthServer({
    host: '127.0.0.1',
    port: 0,
    metrics: metrics.exposition,
    live: () => ({ isAlive: true, why: '' }),
    ready: () => [],
    log: loggedLines().log,
  });
  try {
    return await (await fetch(`${server.address}/metrics`)).text();
  } finally {
    await server.close();
  }
}

describe('/metrics', () => {
  it('breaks no convention of Prometheus', async () => {
    expect(promtool(['check', 'metrics'], await metricsAsServed())).toEqual({ said: '', status: 0 });
  });

  it('would be told if it did', () => {
    const { said, status } = promtool(['check', 'metrics'], '# TYPE ndr_lines counter\nndr_lines 1\n');
    expect(said).toContain('counter metrics should have "_total" suffix');
    expect(status).not.toBe(0);
  });
});

describe('alarms', () => {
  const alarms: Record<string, Alarm> = Object.fromEntries(
    Object.entries(METRICS).flatMap(([name, { alarm }]) => (alarm === undefined ? [] : [[name, alarm]])),
  );
  const writeRules = (): void => {
    const rules = Object.entries(alarms).map(([name, alarm]) => ({ alert: name, expr: alarm.when, for: alarm.for }));
    // JSON is YAML.
    writeFileSync(join(folder, 'rules.yml'), JSON.stringify({ groups: [{ name: 'ndr', rules }] }));
  };

  it('are PromQL', () => {
    writeRules();
    const { said, status } = promtool(['check', 'rules', 'rules.yml']);
    expect(said).toContain(`${Object.keys(alarms).length} rules found`);
    expect(status).toBe(0);
  });

  // Series by the minute, as promtool has them: `0x9` is ten zeros, `0+1x9` counts up.
  it.each([
    ['ndr_newest_slice_end_timestamp_seconds', '{project="office"}', '0x120', '40m', '52m'],
    ['ndr_mini_batches_total', '{outcome="poison"}', '0x30 1x60', '29m', '33m'],
    ['ndr_messages_dead_lettered_total', '', '0x30 1x60', '29m', '33m'],
    ['ndr_breaker_open', '{dependency="redis"}', '0x30 1x60', '35m', '37m'],
    ['ndr_pump_last_turn_timestamp_seconds', '', '0x60', '2m', '5m'],
    ['ndr_coverage_ratio', '{project="office"}', '1x30 0.8x120', '80m', '95m'],
  ])('of %s%s are silent, then told', (name, labels, values, silentAt, toldAt) => {
    writeRules();
    const expected = [{ exp_labels: labelsOf(labels) }];
    const test = {
      interval: '1m',
      input_series: [{ series: `${name}${labels}`, values }],
      alert_rule_test: [
        { eval_time: silentAt, alertname: name, exp_alerts: [] },
        { eval_time: toldAt, alertname: name, exp_alerts: expected },
      ],
    };
    writeFileSync(join(folder, 'test.yml'), JSON.stringify({ rule_files: ['rules.yml'], tests: [test] }));
    expect(promtool(['test', 'rules', 'test.yml'])).toMatchObject({
      said: expect.stringContaining('SUCCESS'),
      status: 0,
    });
  });
});

const labelsOf = (text: string): Record<string, string> =>
  Object.fromEntries([...text.matchAll(/(\w+)="(\w+)"/g)].map(([, name = '', value = '']) => [name, value]));
