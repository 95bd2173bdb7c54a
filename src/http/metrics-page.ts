import type { Label, Metric } from '../consumers/metric.ts';
import { METRICS } from '../consumers/metrics-table.ts';
import { isClosed, MOST_NAMES, OTHER } from './label-admission.ts';

/** The reference page of what ndr serve tells of itself, as Markdown. */
export function renderMetricsPage(table: Readonly<Record<string, Metric>> = METRICS): string {
  const rows = Object.entries(table).map(([name, metric]) => {
    const { kind, help, labels, alarm } = metric;
    const told = alarm === undefined ? '' : `${code(alarm.when)}${alarm.for === '0m' ? '' : ` for ${alarm.for}`}`;
    return row([code(name), kind, unitOf(name), Object.entries(labels).map(labelText).join('; '), help, told]);
  });
  const forms = Object.values(table).flatMap(({ labels }) =>
    Object.values(labels).flatMap((label) => (isClosed(label) ? [] : [label.says])),
  );
  const names = [...new Set(forms)].join(', ');
  return `# Metrics, health, logs

<!-- Generated from src/consumers/metrics-table.ts by src/http/metrics-page.ts; do not edit. -->

\`ndr serve\` answers on \`http.host\` (127.0.0.1) and \`http.port\` (unset: nowhere):

| path | answer |
|---|---|
| \`/metrics\` | all of the metrics below, in Prometheus' text format |
| \`/livez\` | 200 as long as the loop that takes mini-batches turns, else 503: restart the process |
| \`/readyz\` | 200 if every check is \`ok\`, else 503: a dependency does not answer, or the process stops. Either way it names the checks, each with why |

They tell what the process knows already and ask no dependency, so they may be asked often. Health is JSON, a fault is
\`application/problem+json\`. There is no password and nothing secret, but let only your monitoring reach the port: metrics name
projects, checks the servers that the process stands on.

## Metrics

A label holds one of the values that are listed, or, where none are, a name: ${names}.
It never holds an address, a host or a mini-batch; what it must not hold, and names beyond the first ${MOST_NAMES}, are told as \`${OTHER}\` and
counted in \`ndr_recordings_refused_total\`. Counters begin at 0 with every value of their closed labels, so that \`increase()\` sees
the first event. Instants are Unix seconds: \`time()\` less one is its age.

| name | kind | unit | labels | meaning | alarm when |
|---|---|---|---|---|---|
${rows.join('\n')}

Beside these stand those of the Node process, as prom-client names them: \`process_cpu_*\`, \`process_resident_memory_bytes\`,
\`process_open_fds\`, \`nodejs_eventloop_lag_*\`, \`nodejs_heap_*\`, \`nodejs_gc_duration_seconds\` and others.

## Logs

\`ndr serve\` that takes notifications writes, unless somebody watches at a terminal, one JSON object a line to standard error, from
\`log.level\` on:

| field | what it says |
|---|---|
| \`time\` | when, UTC |
| \`level\` | \`debug\`, \`info\`, \`warn\` (it goes on), \`error\` (something was not done) |
| \`instance\` | host name and process id: which of several workers |
| \`project\`, \`feature_spec_version\`, \`mini_batch_id\` | what the line is about, where it is about that |
| further ones | the values of the event |
| \`msg\` | what happened |

Contents of raw logs, secrets and credentials are never logged; those in addresses (\`redis://user:password@host\`, signed
addresses of S3) are shown as \`(secret)\`. Text beyond 4,000 characters is cut.
`;
}

const code = (text: string): string => `\`${text}\``;
const row = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

const labelText = ([name, label]: [string, Label]): string =>
  isClosed(label) ? `${code(name)}: ${label.values.join(', ')}` : code(name);

/** Names say the unit, as Prometheus has it. */
function unitOf(name: string): string {
  if (name.includes('_timestamp_seconds')) return 'Unix seconds';
  return /_(seconds|bytes|ratio)(?:_total)?$/.exec(name)?.[1] ?? '';
}
