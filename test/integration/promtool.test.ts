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
  const writeRules = (names: readonly string[]): void => {
    const rules = names.map((name) => ({ alert: name, expr: alarms[name]?.when, for: alarms[name]?.for }));
    // JSON is YAML.
    writeFileSync(join(folder, 'rules.yml'), JSON.stringify({ groups: [{ name: 'ndr', rules }] }));
  };

  it('are PromQL', () => {
    writeRules(Object.keys(alarms));
    const { said, status } = promtool(['check', 'rules', 'rules.yml']);
    expect(said).toContain(`${Object.keys(alarms).length} rules found`);
    expect(status).toBe(0);
  });

  interface Course {
    /** Series → values by the minute, as promtool has them: `0x9` is ten zeros, `5+2x9` begins at 5 and adds 2 nine times. */
    readonly series: Readonly<Record<string, string>>;
    readonly silentAt: string;
    readonly toldAt: string;
    readonly labels: Readonly<Record<string, string>>;
  }
  /** Of one series, whose labels are those of the alarm. */
  const single = (series: string, values: string, silentAt: string, toldAt: string): Course => ({
    series: { [series]: values },
    silentAt,
    toldAt,
    labels: Object.fromEntries(
      [...series.matchAll(/(\w+)="(\w+)"/g)].map(([, name = '', value = '']) => [name, value]),
    ),
  });
  /** From the hour on nothing is as quick as the bound, everything as the next one. */
  const slower = (name: string, bound: string, next: string, labels: Readonly<Record<string, string>>): Course => {
    const bucket = (le: string): string =>
      `${name}_bucket{${Object.entries({ ...labels, le }).map(([label, value]) => `${label}="${value}"`)}}`;
    const rising = '0+1x360';
    const series = { [bucket(bound)]: '0+1x60 60x300', [bucket(next)]: rising, [bucket('+Inf')]: rising };
    return { series, silentAt: '60m', toldAt: '355m', labels };
  };
  const once = '0x30 1x60';
  const thrice = '0x30 3x60';
  const again = '0x30 0+1x120';
  const project = { project: 'office' };

  const COURSES: readonly (readonly [string, Course])[] = Object.entries({
    ndr_mini_batches_total: single('ndr_mini_batches_total{outcome="poison"}', once, '29m', '33m'),
    ndr_mini_batches_in_hand: single('ndr_mini_batches_in_hand{state="ready"}', '8x30 9x60', '55m', '65m'),
    ndr_newest_slice_end_timestamp_seconds: single(
      'ndr_newest_slice_end_timestamp_seconds{project="office"}',
      '0x120',
      '45m',
      '52m',
    ),
    // Of two workers one sits idle, with what it knew when it took the last mini-batch that fell to it.
    'ndr_newest_slice_end_timestamp_seconds of two workers': {
      series: {
        'ndr_newest_slice_end_timestamp_seconds{project="office",instance="idle"}': '0x180',
        'ndr_newest_slice_end_timestamp_seconds{project="office",instance="busy"}': '0+60x60 3600x120',
      },
      silentAt: '100m',
      toldAt: '112m',
      labels: { project: 'office' },
    },
    ndr_notification_to_commit_seconds: slower('ndr_notification_to_commit_seconds', '900', '1800', project),
    ndr_mini_batch_duration_seconds: slower('ndr_mini_batch_duration_seconds', '300', '900', project),
    ndr_completeness_waits_timed_out_total: single('ndr_completeness_waits_timed_out_total', thrice, '29m', '35m'),
    ndr_order_waits_timed_out_total: single('ndr_order_waits_timed_out_total', thrice, '29m', '35m'),
    ndr_affected_left_total: single('ndr_affected_left_total', once, '29m', '33m'),
    ndr_raw_files_left_out_total: single('ndr_raw_files_left_out_total{reason="damaged"}', once, '29m', '33m'),
    ndr_lines_total: {
      series: { 'ndr_lines_total{project="office"}': '0+1000x1440 1440000+100x180' },
      silentAt: '1500m',
      toldAt: '1570m',
      labels: project,
    },
    ndr_lines_rejected_total: {
      series: {
        'ndr_lines_total{project="office"}': '0+1000x200',
        'ndr_lines_rejected_total{project="office",rule="malformed_ip"}': '0+4x60 240+20x140',
        'ndr_lines_rejected_total{project="office",rule="malformed_json"}': '0+4x200',
      },
      silentAt: '60m',
      toldAt: '150m',
      labels: project,
    },
    ndr_degraded_mini_batches_total: single('ndr_degraded_mini_batches_total', thrice, '29m', '35m'),
    ndr_coverage_ratio: {
      series: {
        'ndr_newest_slice_end_timestamp_seconds{project="office"}': '0+60x150',
        'ndr_coverage_ratio{project="office"}': '0.9x30 0.8x120',
      },
      silentAt: '85m',
      toldAt: '95m',
      labels: project,
    },
    'ndr_coverage_ratio of workers of which some sit idle': {
      series: {
        'ndr_newest_slice_end_timestamp_seconds{project="office",instance="idle"}': '0x240',
        'ndr_coverage_ratio{project="office",instance="idle"}': '0.5x240',
        'ndr_newest_slice_end_timestamp_seconds{project="office",instance="idle too"}': '60x240',
        'ndr_coverage_ratio{project="office",instance="idle too"}': '1x240',
        'ndr_newest_slice_end_timestamp_seconds{project="office",instance="busy"}': '120+60x240',
        'ndr_coverage_ratio{project="office",instance="busy"}': '0.95x120 0.8x120',
      },
      silentAt: '170m',
      toldAt: '190m',
      labels: project,
    },
    ndr_baseline_reference_timestamp_seconds: single(
      'ndr_baseline_reference_timestamp_seconds{horizon="7d"}',
      '0x3700',
      '60h',
      '61h',
    ),
    'ndr_baseline_reference_timestamp_seconds of 30 days': single(
      'ndr_baseline_reference_timestamp_seconds{horizon="30d"}',
      '0x13800',
      '228h',
      '229h',
    ),
    'ndr_baseline_reference_timestamp_seconds of two workers': {
      series: {
        'ndr_baseline_reference_timestamp_seconds{horizon="7d",instance="idle"}': '0x5200',
        'ndr_baseline_reference_timestamp_seconds{horizon="7d",instance="busy"}': '0x1440 86400x3760',
      },
      silentAt: '84h',
      toldAt: '85h',
      labels: { horizon: '7d' },
    },
    ndr_messages_dead_lettered_total: single('ndr_messages_dead_lettered_total', once, '29m', '33m'),
    ndr_message_age_seconds: slower('ndr_message_age_seconds', '600', '900', {}),
    ndr_queue_errors_total: single('ndr_queue_errors_total{action="delete"}', '0x30 6x60', '29m', '35m'),
    ndr_reconciler_runs_total: single('ndr_reconciler_runs_total{outcome="error"}', thrice, '29m', '35m'),
    ndr_reconciler_found_total: single('ndr_reconciler_found_total{project="office"}', once, '29m', '33m'),
    ndr_dependency_retries_total: single('ndr_dependency_retries_total{dependency="s3"}', '0x30 0+60x60', '35m', '55m'),
    ndr_dependency_refusals_total: single('ndr_dependency_refusals_total{dependency="s3"}', once, '29m', '33m'),
    ndr_breaker_open: single('ndr_breaker_open{dependency="s3"}', once, '35m', '37m'),
    ndr_events_total: single('ndr_events_total{sink="kafka",outcome="failed"}', once, '29m', '33m'),
    ndr_window_state_unavailable_total: single('ndr_window_state_unavailable_total', again, '40m', '50m'),
    ndr_window_state_writes_total: single(
      'ndr_window_state_writes_total{place="redis",outcome="refused"}',
      again,
      '40m',
      '50m',
    ),
    ndr_window_blocks_rebuilt_total: single('ndr_window_blocks_rebuilt_total', again, '80m', '100m'),
    ndr_pump_last_turn_timestamp_seconds: single('ndr_pump_last_turn_timestamp_seconds', '0x60', '2m', '6m'),
    ndr_recordings_refused_total: single('ndr_recordings_refused_total', once, '29m', '33m'),
  });
  const alarmOf = (course: string): string => course.split(' ')[0]!;

  it.each(COURSES)(
    'of %s are silent as long as all is well, then told',
    (name, { series, silentAt, toldAt, labels }) => {
      writeRules([alarmOf(name)]);
      const test = {
        interval: '1m',
        input_series: Object.entries(series).map(([of, values]) => ({ series: of, values })),
        alert_rule_test: [
          { eval_time: silentAt, alertname: alarmOf(name), exp_alerts: [] },
          { eval_time: toldAt, alertname: alarmOf(name), exp_alerts: [{ exp_labels: labels }] },
        ],
      };
      writeFileSync(join(folder, 'test.yml'), JSON.stringify({ rule_files: ['rules.yml'], tests: [test] }));
      expect(promtool(['test', 'rules', 'test.yml'])).toMatchObject({
        said: expect.stringContaining('SUCCESS'),
        status: 0,
      });
    },
  );

  it('have a course each', () => {
    expect([...new Set(COURSES.map(([name]) => alarmOf(name)))].sort()).toEqual(Object.keys(alarms).sort());
  });
});
