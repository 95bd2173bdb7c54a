import type { z } from 'zod';
import { CANONICAL_FIELDS, FIELD_NAMES, PRESET_DOCS, PRESET_NAMES, PRESETS } from './canonical-fields.ts';
import { deltaBuilderSchema } from './delta-builder.ts';
import { fgASchema } from './fg-a-builder.ts';
import { fgBSchema } from './fg-b-builder.ts';
import { fgCSchema } from './fg-c-builder.ts';
import { machineInventorySchema, nonPersistentPrefixesSchema } from './machine-inventory.ts';
import { pairCountsSchema } from './pair-counts-builder.ts';
import { PATH_FIELDS } from './path-template.ts';
import { defaultPortSets } from './port-sets.ts';
import { projectParametersSchema } from './project-parameters.ts';
import { routeSchema } from './routing.ts';
import { type SchemaKey, schemaKeys } from './schema-keys.ts';
import { DEFAULT_PROJECT, DEFAULT_VERSION } from './spec-items.ts';
import { ownKeys } from './spec-names.ts';

const schemaOf = <S>(job: string, schema: (where: { job: string; version: string }) => S): readonly [string, S] => [
  job,
  schema({ job, version: DEFAULT_VERSION }),
];

/** Job → schema of its spec, in the order of the page. */
export const SPEC_SCHEMAS: Readonly<Record<string, z.ZodType>> = Object.fromEntries([
  schemaOf('delta_builder', deltaBuilderSchema),
  schemaOf('project_parameters', projectParametersSchema),
  schemaOf('fg_a_builder', fgASchema),
  schemaOf('pair_counts_builder', pairCountsSchema),
  schemaOf('fg_b_builder', fgBSchema),
  schemaOf('fg_c_builder', fgCSchema),
  schemaOf('machine_inventory_unload', machineInventorySchema),
  schemaOf('non_persistent_prefixes', nonPersistentPrefixesSchema),
]);

const ABOUT: Readonly<Record<string, string>> = {
  delta_builder: 'How raw logs are read, and what a slice counts.',
  project_parameters: 'What is true of the whole project: its networks, its week, its lookback.',
  fg_a_builder: 'Features of the windows.',
  pair_counts_builder: 'Sessions of each source, destination and port.',
  fg_b_builder: 'Baselines (`ndr baselines`).',
  fg_c_builder: 'Deviations from the baselines.',
  machine_inventory_unload: 'The inventory of machines; what reads the warehouse is another system.',
  non_persistent_prefixes: 'Machines that are set up anew every day.',
};

const MORE: Readonly<Record<string, () => string>> = {
  delta_builder: () => [canonicalFields(), ownLayout(), presets(), portSets()].join('\n'),
  project_parameters: office,
};

/** The reference page of specs and routes, as Markdown. */
export function renderSpecsDoc(): string {
  const sections = Object.entries(SPEC_SCHEMAS).map(([job, schema]) => {
    const more = MORE[job];
    return [
      `## ${job}`,
      '',
      ABOUT[job],
      '',
      ...specTable(job, schema),
      '',
      ...(more === undefined ? [] : [more()]),
    ].join('\n');
  });
  return `# Specs and routes

<!-- Generated from the schemas in src/config; do not edit. -->

A spec says how a job works, for one project. All have defaults, and so does every key that is not marked as needed; most homes need none, or a
\`delta_builder\` and \`project_parameters\`. A spec is a file \`<home>/specs/<job>.json\` (or \`.yaml\`):

\`\`\`json
{ "spec": { "calendar": { "time_zone": "Europe/Paris" } } }
\`\`\`

| beside \`spec\` | default | what it says |
|---|---|---|
| \`job_name\` | the file's name | \`<job>\`, for all versions, or \`<job>#<version>\`, which wins for that one |
| \`project_name\` | \`${DEFAULT_PROJECT}\` | the project |

In AWS the same objects are items of the DynamoDB table \`tables.parameters\`, keyed by \`project_name\` and \`job_name\`; \`ndr provision\` puts those of the folder there.
\`parameters\` may stand for \`spec\`, and text in its place is where its JSON lies. Null and blank values are left out. An unknown key is a warning that names the
nearest known one; by any other fault the project's mini-batches fail, and all faults are told at once. \`ndr doctor\` tells them beforehand. \`ndr serve\` takes up
changes within a minute.

Paths below are within \`spec\`: \`input.time_zone\` is \`{ "spec": { "input": { "time_zone": … } } }\`. A single value may stand for a list of one.

${sections.join('\n')}
${routes()}`;
}

const row = (...cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

const REPEATED = new Set(Object.keys(ownKeys({ job: '', version: '' })));
/** Keys that stand elsewhere on the page: as canonical fields, or with the project's parameters. */
const ELSEWHERE = /^(input|traffic_input)\.field_mapping\./;
const SHARED = /^(segment_mapping|lookback30d)\./;

function specTable(job: string, schema: z.ZodType): string[] {
  return keyTable(
    schemaKeys(schema).filter(
      ({ path }) =>
        !REPEATED.has(path) && !ELSEWHERE.test(path) && (job === 'project_parameters' || !SHARED.test(path)),
    ),
  );
}

/** Keys that count, then those that are only put up with, by what is said of them. */
function keyTable(keys: readonly SchemaKey[]): string[] {
  const lines = ['| key | default | values | what it does |', '|---|---|---|---|'];
  for (const { path, usual, values, doc, isIdle } of keys)
    if (!isIdle) lines.push(row(`\`${path}\``, usual, values.replaceAll('<', '\\<'), doc));
  const idle = new Map<string, string[]>();
  for (const { path, doc, isIdle } of keys) if (isIdle) idle.set(doc, [...(idle.get(doc) ?? []), `\`${path}\``]);
  if (idle.size === 0) return lines;
  return [
    ...lines,
    '',
    'Accepted, and without effect:',
    '',
    ...[...idle].map(([doc, paths]) => `- ${paths.join(', ')}: ${doc}`),
  ];
}

function canonicalFields(): string {
  const rows = FIELD_NAMES.map((field) => {
    const { required, doc } = CANONICAL_FIELDS[field];
    const sources = PRESET_NAMES.map((preset) => {
      const source = (PRESETS[preset] as Partial<Record<string, string>>)[field];
      return source === undefined ? '' : `\`${source}\``;
    });
    return row(`\`${field}\``, required ? 'yes' : '', doc, ...sources);
  });
  return `### Canonical fields

A record is a line of JSON. \`input.field_mapping\` names, for a canonical field, the key that holds it; dots reach into nested objects, and \`\\.\` is a dot
within a key. What it leaves out is read from where the preset has it, else under the canonical name. A mini-batch of 100 TRAFFIC records
or more fails if none of them carries a needed field; a record may lack any but its addresses.

Times are ISO 8601, PAN-OS \`2026/05/04 09:30:00\`, CEF \`May 04 2026 09:30:00\`, or numbers since 1970 (seconds below 1e11, milliseconds below 1e14,
microseconds below 1e17, else nanoseconds). Numbers may be text.

${row('field', 'needed', 'meaning', ...PRESET_NAMES.map((name) => `\`${name}\``))}
|---|---|---${'|---'.repeat(PRESET_NAMES.length)}|
${rows.join('\n')}
`;
}

/** A record in another layout, and the spec that reads it. The page shows them; a test plays them. */
export const OWN_LAYOUT = {
  record: {
    client: { ip: '10.1.2.3', port: 51514 },
    server: { ip: '198.51.100.7', port: 443 },
    ...{ up: 1200, down: 48000, began: '2026/05/04 09:30:00', seconds: 12, verdict: 'blocked' },
  },
  spec: {
    spec: {
      input: {
        time_zone: 'Europe/Paris',
        field_mapping: {
          ...{ source_ip: 'client.ip', source_port: 'client.port' },
          ...{ destination_ip: 'server.ip', destination_port: 'server.port' },
          ...{ source_bytes: 'up', destination_bytes: 'down', event_start: 'began', duration: 'seconds' },
          event_action: 'verdict',
        },
      },
      deny_actions: ['blocked'],
      enrichment: { port_sets: { ADMIN: [22, 3389, '5900-5903'], PRINT: [515, 631, 9100] } },
    },
  },
} as const;

function ownLayout(): string {
  return `### Own logs in another layout

A line such as

\`\`\`json
${JSON.stringify(OWN_LAYOUT.record)}
\`\`\`

is read, with port sets of your own, by \`specs/delta_builder.json\`:

\`\`\`json
${JSON.stringify(OWN_LAYOUT.spec, null, 2)}
\`\`\`

It has no \`event_end\`: that is \`event_start\` and the duration. It has no \`event_name\`: every record is a session (TRAFFIC).
`;
}

function presets(): string {
  const lines = PRESET_NAMES.map((name) => `- \`${name}\`: ${PRESET_DOCS[name]}`);
  return ['### Presets', '', ...lines, ''].join('\n');
}

function portSets(): string {
  const rows = Object.entries(defaultPortSets()).map(([set, ports]) =>
    row(`\`${set}\``, rangesOf(ports), `\`${set}_port_sessions_cnt\``),
  );
  return `### Port sets

\`enrichment.port_sets\` is \`{ "<set>": [22, "5900-5903", …] }\`; \`HIGH_RISK\`, \`high-risk\` and \`HIGH_RISK_PORTS\` all name the set \`high_risk\`. A set given
replaces the whole one of its name; a further one gives \`delta\` a column \`<set>_port_sessions_cnt\` more.

| set | ports by default | counted in |
|---|---|---|
${rows.join('\n')}
`;
}

function rangesOf(ports: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const port of ports) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === port - 1) last[1] = port;
    else ranges.push([port, port]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(', ');
}

/** Parameters of a small office. The page shows them; a test decodes them. */
export const OFFICE = {
  spec: {
    host_networks: ['10.0.0.0/8', '192.0.2.0/24'],
    infrastructure: ['10.0.0.53', '10.0.0.123'],
    calendar: { time_zone: 'Europe/Paris', working_hours: [8, 18], weekend: ['Sat', 'Sun'], holidays: ['2026-05-08'] },
    segment_mapping: { networks: { servers: '10.0.0.0/20', clients: ['10.1.0.0/16', '10.2.0.0/16'] } },
    high_risk_segments: ['servers'],
  },
} as const;

function office(): string {
  return `For example:

\`\`\`json
${JSON.stringify(OFFICE, null, 2)}
\`\`\`
`;
}

/** Routes of two organisations. The page shows them; a test decodes them. */
export const ROUTES = [
  { org_key: 'acme#finance', project_name: 'finance', ingestion_prefix: 's3://ingestion/paloalto/acme/finance' },
  {
    org_key: 'acme#shops',
    project_name: 'shops',
    ingestion_prefix: 's3://ingestion/{vendor}/{org1}/{org2}/site-7/{yyyy}/{mm}/{dd}/{mini_batch_id}',
    mini_batch_id_template: '{org2}-{yyyy}{mm}{dd}-{mini_batch_id}',
  },
] as const;

function routes(): string {
  return `## Routes

A route says which project the mini-batches of an organisation belong to. Without AWS no route is needed: \`--input\` names the folder. In AWS routes are items of
the DynamoDB table \`tables.routing\`, keyed by \`org_key\`; in a home they are the list in \`specs/routing.json\` (or \`.yaml\`), which \`ndr provision\` puts there.

${keyTable(schemaKeys(routeSchema)).join('\n')}

A prefix without a date is followed by any folders, the date, and the mini-batch's folder: \`s3://bucket/acme\` is
\`s3://bucket/acme/.../{yyyy}/{mm}/{dd}/{mini_batch_id}\`. A template may name ${PATH_FIELDS.map((name) => `\`{${name}}\``).join(', ')};
\`{project}\`, \`{org1}\` and \`{org2}\` stand for the route's own. Of routes that fit a folder, the one with the longest prefix has it.

\`\`\`json
${JSON.stringify(ROUTES, null, 2)}
\`\`\`
`;
}
