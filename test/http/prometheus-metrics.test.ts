import { describe, expect, it } from 'vitest';
import type { Meter } from '../../src/consumers/meter.ts';
import type { Metric } from '../../src/consumers/metric.ts';
import { METRICS } from '../../src/consumers/metrics-table.ts';
import { openPrometheusMetrics } from '../../src/http/prometheus-metrics.ts';
import { plausibleLabels, recordEveryMetric } from '../support/every-metric.ts';
import { type Family, readExposition, sampleOf } from '../support/exposition.ts';

const TABLE: Readonly<Record<string, Metric>> = METRICS;
const STREAM = { project: 'office', feature_spec_version: 'v1' };

async function toldBy(record: (meter: Meter) => void): Promise<Map<string, Family>> {
  const metrics = openPrometheusMetrics();
  record(metrics);
  return readExposition(await metrics.exposition.text());
}

const REFUSED = 'ndr_recordings_refused_total';

describe('what Prometheus reads', () => {
  it('is the table, whole, and the Node process', async () => {
    const families = await toldBy(recordEveryMetric);
    const others = [...families.keys()].filter((name) => TABLE[name] === undefined);
    expect(others.filter((name) => !/^(?:nodejs|process)_/.test(name))).toEqual([]);
    expect(others).toEqual(
      expect.arrayContaining(['process_cpu_seconds_total', 'nodejs_eventloop_lag_p99_seconds', 'process_open_fds']),
    );
    for (const [name, { kind, help }] of Object.entries(TABLE)) {
      expect(families.get(name), name).toMatchObject({ type: kind, help });
    }
  });

  it('has the labels of the table, each with what was told', async () => {
    const families = await toldBy(recordEveryMetric);
    for (const [name, metric] of Object.entries(TABLE)) {
      const { samples } = families.get(name)!;
      const known = Object.keys(metric.labels).sort();
      for (const { labels } of samples) {
        const { le: _, ...own } = labels;
        expect(Object.keys(own).sort(), name).toEqual(known);
      }
      const told = metric.kind === 'histogram' ? `${name}_sum` : name;
      expect(sampleOf(families, told, plausibleLabels(metric)), name).toBe(2);
    }
  });

  it('counts observations up to each bound', async () => {
    const families = await toldBy((meter) => {
      for (const seconds of [0.02, 0.3, 0.3, 5000])
        meter.observe('ndr_stage_duration_seconds', { stage: 'read' }, seconds);
    });
    const below = (le: string) => sampleOf(families, 'ndr_stage_duration_seconds_bucket', { stage: 'read', le });
    expect(['0.01', '0.025', '0.25', '0.5', '900', '+Inf'].map(below)).toEqual([0, 1, 1, 3, 3, 4]);
    expect(sampleOf(families, 'ndr_stage_duration_seconds_sum', { stage: 'read' })).toBeCloseTo(5000.62, 9);
  });

  it('shares nothing with another one', async () => {
    const [one, other] = [openPrometheusMetrics(), openPrometheusMetrics()];
    one.count('ndr_messages_received_total', {}, 3);
    expect(sampleOf(readExposition(await one.exposition.text()), 'ndr_messages_received_total')).toBe(3);
    expect(sampleOf(readExposition(await other.exposition.text()), 'ndr_messages_received_total')).toBe(0);
  });
});

describe('what nothing has happened to', () => {
  it('is 0 if it counts and has closed labels alone', async () => {
    const families = await toldBy(() => {});
    expect(sampleOf(families, 'ndr_messages_dead_lettered_total')).toBe(0);
    expect(families.get('ndr_queue_errors_total')?.samples.map(({ labels }) => labels['action'])).toEqual([
      'receive',
      'delete',
      'extend',
      'release',
      'dead_letter',
    ]);
    expect(families.get('ndr_lines_total')?.samples).toEqual([]);
  });

  it('is 0 with every closed label once the project is known', async () => {
    const families = await toldBy((meter) =>
      meter.count('ndr_mini_batches_total', { ...STREAM, outcome: 'committed' }, 2),
    );
    const of = (outcome: string) => sampleOf(families, 'ndr_mini_batches_total', { ...STREAM, outcome });
    expect(['committed', 'unchanged', 'skipped', 'poison', 'error'].map(of)).toEqual([2, 0, 0, 0, 0]);
  });

  it('has no value if it is a gauge: 0 would be one', async () => {
    const families = await toldBy(() => {});
    const gauges = Object.entries(TABLE).filter(([, { kind }]) => kind === 'gauge');
    expect(gauges.length).toBeGreaterThan(5);
    for (const [name] of gauges) expect(families.get(name)?.samples, name).toEqual([]);
  });
});

describe('a label', () => {
  const addresses = ['10.1.2.3', '2001:db8::1', '::ffff:10.1.2.3', 'fe80::1', '255.255.255.255'];
  const odd = ['', ' v1', 'a\nb', 'x"} 1', 'v1#batch#20260301T1023', 'host.example/path', 'ä', 'v'.repeat(49)];

  it.each([...addresses, ...odd])('that is %j is told as other, and counted', async (value) => {
    const metrics = openPrometheusMetrics();
    metrics.count('ndr_lines_total', { project: 'office', feature_spec_version: value }, 5);
    metrics.set('ndr_coverage_ratio', { project: value, feature_spec_version: 'v1' }, 0.5);
    const families = readExposition(await metrics.exposition.text());
    expect(sampleOf(families, 'ndr_lines_total', { project: 'office', feature_spec_version: 'other' })).toBe(5);
    expect(sampleOf(families, 'ndr_coverage_ratio', { project: 'other', feature_spec_version: 'v1' })).toBe(0.5);
    expect(sampleOf(families, REFUSED)).toBe(2);
  });

  it('outside its closed set is told as other, whatever types were told', async () => {
    const families = await toldBy((meter) => {
      const untyped = meter.count as (name: string, labels: Record<string, string>) => void;
      untyped('ndr_queue_errors_total', { action: '10.1.2.3' });
      untyped('ndr_queue_errors_total', {});
      untyped('ndr_queue_errors_total', { action: 'delete', host_ip: '10.1.2.3' });
    });
    expect(sampleOf(families, 'ndr_queue_errors_total', { action: 'other' })).toBe(2);
    expect(sampleOf(families, 'ndr_queue_errors_total', { action: 'delete' })).toBe(1);
    expect(sampleOf(families, REFUSED)).toBe(3);
  });

  it('that ever new names are told for ends in other: the series do not grow without end', async () => {
    const families = await toldBy((meter) => {
      for (let i = 0; i < 3000; i++)
        meter.count('ndr_lines_total', { project: 'office', feature_spec_version: `v${i}` });
    });
    const { samples } = families.get('ndr_lines_total')!;
    expect(samples.length).toBe(513);
    expect(sampleOf(families, 'ndr_lines_total', { project: 'other', feature_spec_version: 'other' })).toBe(3000 - 512);
    expect(samples.reduce((sum, { value }) => sum + value, 0)).toBe(3000);
  });
});

describe('a number', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1])(
    'that cannot be counted (%d) is left out, and counted',
    async (by) => {
      const families = await toldBy((meter) => {
        meter.count('ndr_messages_received_total', {}, 4);
        meter.count('ndr_messages_received_total', {}, by);
      });
      expect(sampleOf(families, 'ndr_messages_received_total')).toBe(4);
      expect(sampleOf(families, REFUSED)).toBe(1);
    },
  );

  it('of seconds before now, by the clock of another machine, is none', async () => {
    const families = await toldBy((meter) => meter.observe('ndr_message_age_seconds', {}, -0.4));
    expect(sampleOf(families, 'ndr_message_age_seconds_sum')).toBe(0);
    expect(sampleOf(families, 'ndr_message_age_seconds_count')).toBe(1);
    expect(sampleOf(families, REFUSED)).toBe(0);
  });
});
