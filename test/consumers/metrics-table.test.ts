import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { CounterName, GaugeName, LabelsOf } from '../../src/consumers/meter.ts';
import type { Metric } from '../../src/consumers/metric.ts';
import { METRICS } from '../../src/consumers/metrics-table.ts';

const TABLE: Readonly<Record<string, Metric>> = METRICS;
const ENTRIES = Object.entries(TABLE);
const ROOT = join(import.meta.dirname, '../..');

describe.each(ENTRIES)('%s', (name, { kind, help, labels, buckets, alarm }) => {
  it('is named as Prometheus has it', () => {
    expect(name).toMatch(/^ndr_[a-z0-9]+(?:_[a-z0-9]+)*$/);
    expect(name.endsWith('_total')).toBe(kind === 'counter');
    expect(name).not.toMatch(/_(?:ms|millis|milliseconds|minutes|hours|days|kb|mb|percent|count|sum|bucket)(?:_|$)/);
    if (kind === 'histogram') expect(name).toMatch(/_seconds$/);
  });

  it('says in a sentence what it is', () => {
    expect(help).toMatch(/^[A-Z0-9].{10,}\.$/);
    expect(help).not.toMatch(/\n/);
  });

  it('has no label that nothing ends', () => {
    for (const [label, may] of Object.entries(labels)) {
      expect(label).toMatch(/^[a-z][a-z_]*$/);
      expect(label).not.toMatch(/(?:^|_)(?:ip|host|address|peer|port|id|path|key|why|message|error)(?:_|$)/);
      if ('values' in may) {
        expect(may.values.length).toBeGreaterThan(1);
        expect(new Set(may.values).size).toBe(may.values.length);
        for (const value of may.values) expect(value).toMatch(/^[a-z0-9_]+$/);
      } else {
        for (const endless of ['fe80::1', 'a b', 'https://x', '', 'x'.repeat(100)])
          expect(may.form.test(endless)).toBe(false);
      }
    }
  });

  it('has bounds if, and only if, it is a histogram', () => {
    expect(buckets.length > 0).toBe(kind === 'histogram');
    expect(buckets).toEqual([...new Set(buckets)].sort((a, b) => a - b));
  });

  it('is what its alarm asks for', () => {
    if (alarm === undefined) return;
    const asked = [...alarm.when.matchAll(/\bndr_\w+/g)].map(([found]) => found);
    expect(asked).toContain(kind === 'histogram' ? `${name}_bucket` : name);
    for (const other of asked) {
      const metric = TABLE[other] ?? TABLE[other.replace(/_bucket$/, '')];
      expect(metric, other).toBeDefined();
      for (const [, label = '', value = ''] of alarm.when.matchAll(/\{(\w+)="(\w+)"\}/g)) {
        const known = labels[label];
        expect(known !== undefined && 'values' in known && known.values.includes(value), `${label}=${value}`).toBe(
          true,
        );
      }
    }
    expect(alarm.for).toMatch(/^\d+[mh]$/);
  });
});

/** Code that calls a meter, or the metrics that are one, by name. */
const CALLERS = globSync('src/**/*.ts', { cwd: ROOT })
  .filter((path) => !path.endsWith('metrics-table.ts'))
  .map((path) => readFileSync(join(ROOT, path), 'utf8').replace(/\s+/g, ' '))
  .join('\n');

it.each(ENTRIES)('%s is recorded by somebody', (name, { kind }) => {
  const how = { counter: 'count', gauge: 'set', histogram: 'observe' }[kind];
  const calls = [`meter.${how}( '${name}'`, `meter.${how}('${name}'`, `'${name}', messages`, `records.get('${name}')`];
  expect(calls.some((call) => CALLERS.includes(call))).toBe(true);
});

describe('the table', () => {
  // What the product's documents promise, named here once more.
  it('counts every rule of data quality once, by what it does', () => {
    expect(METRICS.ndr_lines_rejected_total.labels.rule.values).toEqual([
      'line_too_long',
      'malformed_json',
      'malformed_ip',
      'null_bytes_ports',
    ]);
    expect(METRICS.ndr_records_filtered_total.labels.rule.values).toEqual([
      'other_event_name',
      'other_threat_subtype',
      'session_start',
    ]);
    expect(METRICS.ndr_fields_nulled_total.labels.rule.values).toEqual([
      'unreadable_number',
      'unreadable_time',
      'negative_bytes',
      'port_out_of_range',
      'implausible_time',
      'negative_duration',
    ]);
  });

  it('has the kinds and labels that code is held to', () => {
    expectTypeOf<LabelsOf<'ndr_messages_received_total'>>().toEqualTypeOf<Readonly<Record<never, string>>>();
    expectTypeOf<LabelsOf<'ndr_reconciler_runs_total'>>().toEqualTypeOf<{ readonly outcome: 'done' | 'error' }>();
    expectTypeOf<LabelsOf<'ndr_lines_total'>>().toEqualTypeOf<{
      readonly project: string;
      readonly feature_spec_version: string;
    }>();
    expectTypeOf<'ndr_draining'>().toExtend<GaugeName>();
    expectTypeOf<'ndr_draining'>().not.toExtend<CounterName>();
  });
});
