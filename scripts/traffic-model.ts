// Compares the simulated office with captures and writes the tables and plots of docs/traffic-model.md:
// node scripts/traffic-model.ts --captures DIR
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  capturedOffice,
  type Flow,
  SERVICES,
  type Service,
  type Source,
  simulatedOffice,
} from './traffic-model/flows.ts';
import { type Panel, plotPanels } from './traffic-model/plot.ts';

const CAPTURES = ['rita_proxy_rolling', 'zat_conn'];
const DOCS = join(import.meta.dirname, '..', 'docs');
const MARK = '<!-- Below this line: written by node scripts/traffic-model.ts --captures DIR -->';
/** Two hours of a Monday afternoon, as in the longer capture. */
const OFFICE = {
  seed: 1,
  hosts: 60,
  slices: 8,
  start: Date.UTC(2026, 2, 2, 14, 8),
  incidents: [],
  dirty: 0,
  scanners: 0,
};
/** Clients with fewer flows say little about how many peers a client has. */
const BUSY_CLIENT = 100;

const { values } = parseArgs({ options: { captures: { type: 'string' } } });
const folder = values.captures ?? process.env['NDR_CAPTURES'];
if (folder === undefined) throw new Error('give the folder of the captures: --captures DIR, or NDR_CAPTURES');

const sources: Source[] = [simulatedOffice(OFFICE), ...CAPTURES.map((name) => capturedOffice(folder, name))];

const bytes = (power: number): string =>
  ['1 B', '10 B', '100 B', '1 kB', '10 kB', '100 kB', '1 MB', '10 MB', '100 MB'][power] ?? '';
const seconds = (power: number): string =>
  ({ [-3]: '1 ms', [-2]: '10 ms', [-1]: '0.1 s', 0: '1 s', 1: '10 s', 2: '100 s', 3: '1,000 s' })[power] ?? '';
const SHOWN: readonly Service[] = ['web', 'name resolution'];
const QUANTITIES = [
  { key: 'sent', title: 'bytes sent' },
  { key: 'received', title: 'bytes received' },
  { key: 'lasts', title: 'duration' },
] as const;
/** Decades that hold nearly all values, by service and quantity. */
const AXES: Readonly<Partial<Record<Service, readonly Pick<Panel, 'from' | 'to' | 'unit'>[]>>> = {
  web: [
    { from: 1, to: 7, unit: bytes },
    { from: 1, to: 8, unit: bytes },
    { from: -3, to: 4, unit: seconds },
  ],
  'name resolution': [
    { from: 1, to: 4, unit: bytes },
    { from: 1, to: 4, unit: bytes },
    { from: -3, to: 2, unit: seconds },
  ],
};
const panels = SHOWN.flatMap((service) =>
  QUANTITIES.map(
    ({ key, title }, place): Panel => ({
      title: `${service}: ${title}`,
      ...AXES[service]![place]!,
      curves: sources.map(({ name, flows }) => ({ name, values: of(flows, service).map((flow) => flow[key]) })),
    }),
  ),
);

const tables = [
  '## Which services',
  '',
  'Share of flows.',
  '',
  ...table(
    ['service', ...sources.map(({ name }) => name)],
    SERVICES.map((service) => [
      service,
      ...sources.map(({ flows }) => `${((100 * of(flows, service).length) / flows.length).toFixed(1)} %`),
    ]),
  ),
  ['flows', ...sources.map(({ flows }) => flows.length.toLocaleString('en-US'))]
    .join(' | ')
    .replace(/^/, '| ')
    .replace(/$/, ' |'),
  '',
  '## How large, how long',
  '',
  'Median / 95 % of flows.',
  '',
  ...table(
    ['', ...sources.map(({ name }) => name)],
    SHOWN.flatMap((service) =>
      QUANTITIES.map(({ key, title }) => [
        `${service}: ${title}${key === 'lasts' ? ', s' : ''}`,
        ...sources.map(({ flows }) => {
          const sorted = of(flows, service)
            .map((flow) => flow[key])
            .sort((a, b) => a - b);
          return `${shown(quantile(sorted, 0.5))} / ${shown(quantile(sorted, 0.95))}`;
        }),
      ]),
    ),
  ),
  '',
  '![Distributions of bytes and durations](traffic-model.svg)',
  '',
  '## How many peers',
  '',
  `Clients with ${BUSY_CLIENT} flows or more.`,
  '',
  ...table(
    ['', ...sources.map(({ name }) => name)],
    [
      ['clients', ...sources.map(({ flows }) => String(busyClients(flows).length))],
      [
        'flows of a client: least, median, most',
        ...sources.map(({ flows }) => spread(busyClients(flows).map(({ count }) => count))),
      ],
      [
        'peers of a client: least, median, most',
        ...sources.map(({ flows }) => spread(busyClients(flows).map(({ peers }) => peers))),
      ],
      [
        'peers for 100 flows: least, median, most',
        ...sources.map(({ flows }) =>
          spread(busyClients(flows).map(({ peers, count }) => Math.round((100 * peers) / count))),
        ),
      ],
    ],
  ),
  '',
];

const page = join(DOCS, 'traffic-model.md');
const written = readFileSync(page, 'utf8').split(MARK)[0]!;
mkdirSync(DOCS, { recursive: true });
writeFileSync(page, `${written}${MARK}\n\n${tables.join('\n')}`);
writeFileSync(
  join(DOCS, 'traffic-model.svg'),
  plotPanels('Bytes and durations of web and name resolution', panels, QUANTITIES.length),
);
process.stdout.write(`${tables.join('\n')}\n`);

function of(flows: readonly Flow[], service: Service): Flow[] {
  return flows.filter((flow) => flow.service === service);
}

function busyClients(flows: readonly Flow[]): { readonly count: number; readonly peers: number }[] {
  return [...Map.groupBy(flows, ({ client }) => client).values()]
    .map((own) => ({ count: own.length, peers: new Set(own.map(({ peer }) => peer)).size }))
    .filter(({ count }) => count >= BUSY_CLIENT);
}

function spread(counts: readonly number[]): string {
  const sorted = counts.toSorted((a, b) => a - b);
  return [0, 0.5, 1].map((share) => shown(quantile(sorted, share))).join(', ');
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
}

function shown(value: number): string {
  return value >= 100 || Number.isInteger(value) ? Math.round(value).toLocaleString('en-US') : value.toFixed(2);
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), `|${header.map((_, n) => (n === 0 ? '---' : '---:')).join('|')}|`, ...rows.map(line)];
}
