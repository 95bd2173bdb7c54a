import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Meter } from '../consumers/meter.ts';
import type { Metric } from '../consumers/metric.ts';
import { METRICS } from '../consumers/metrics-table.ts';
import { closedCombinations, isClosed, type LabelValues, openAdmission } from './label-admission.ts';

/** What was taken down so far, as Prometheus reads it. */
export interface Exposition {
  readonly contentType: string;
  text(): Promise<string>;
}

export interface PrometheusMetrics extends Meter {
  readonly exposition: Exposition;
}

/** Gauges of prom-client that end as if they were counters; nodejs_active_resources tells the same. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** Opens the metrics of the table and those of the Node process. They share nothing with others that are opened. */
export function openPrometheusMetrics(): PrometheusMetrics {
  const held = new Registry();
  collectDefaultMetrics({ register: held });
  for (const name of MISNAMED) held.removeSingleMetric(name);

  const records = new Map(Object.entries(METRICS).map(([name, metric]) => [name, openMetric(held, name, metric)]));
  const admit = openAdmission();
  const refused = records.get('ndr_recordings_refused_total')!;
  const record = (name: keyof typeof METRICS, labels: LabelValues, value: number): void => {
    const { isWhole, ...admitted } = admit(METRICS[name], labels);
    const isUsable = Number.isFinite(value) && (value >= 0 || METRICS[name].kind !== 'counter');
    if (isUsable) records.get(name)!(admitted, value);
    if (!isUsable || !isWhole) refused(NO_LABELS, 1);
  };
  return {
    count: (name, labels, by = 1) => record(name, labels, by),
    set: record,
    observe: record,
    exposition: { contentType: held.contentType, text: () => held.metrics() },
  };
}

type Recording = (admitted: { readonly labels: LabelValues; readonly names: LabelValues }, value: number) => void;
const NO_LABELS = { labels: {}, names: {} };

/** Registers a metric; returns what records a value of it. */
function openMetric(held: Registry, name: string, metric: Metric): Recording {
  const { help, labels, kind } = metric;
  const described = { name, help, labelNames: Object.keys(labels), registers: [held] };
  if (kind === 'gauge') {
    const gauge = new Gauge(described);
    // prom-client begins a gauge without labels at 0, which would be a value; nobody has set one yet.
    if (described.labelNames.length === 0) gauge.remove();
    return (admitted, value) => gauge.set(admitted.labels, value);
  }
  if (kind === 'histogram') {
    const histogram = new Histogram({ ...described, buckets: [...metric.buckets] });
    // Clocks differ: what another machine sent may seem to come from the future.
    return (admitted, value) => histogram.observe(admitted.labels, Math.max(0, value));
  }
  return openCounter(new Counter(described), metric);
}

/**
 * A counter's first increase is one only if it was 0 before: Prometheus takes the first value that it sees as given. So
 * everything a closed label may say begins at 0 with the process or, under the names of a project, with its first outcome.
 */
function openCounter(counter: Counter, metric: Metric): Recording {
  const combinations = closedCombinations(metric);
  const begun = new Set<string>();
  const begin = (names: LabelValues): void => {
    const key = JSON.stringify(names);
    if (begun.has(key)) return;
    begun.add(key);
    for (const combination of combinations) counter.inc({ ...names, ...combination }, 0);
  };
  if (Object.values(metric.labels).every(isClosed)) begin({});
  return ({ labels, names }, by) => {
    begin(names);
    counter.inc(labels, by);
  };
}
