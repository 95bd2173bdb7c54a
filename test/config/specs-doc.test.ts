import { describe, expect, it } from 'vitest';
import { CANONICAL_FIELDS, FIELD_NAMES, PRESET_NAMES } from '../../src/config/canonical-fields.ts';
import { decodeRoute, routeOf, routeSchema } from '../../src/config/routing.ts';
import { schemaKeys } from '../../src/config/schema-keys.ts';
import { OFFICE, OWN_LAYOUT, ROUTES, renderSpecsDoc, SPEC_SCHEMAS } from '../../src/config/specs-doc.ts';
import { readerOptionsOf } from '../../src/consumers/slice-plan.ts';
import { createFlowReader } from '../../src/operators/flow-reader.ts';
import { bytesOf } from '../operators/product-run.ts';
import { readingOf } from '../operators/reading.ts';
import { resolve } from './spec-cases.ts';

const page = renderSpecsDoc();
const everyKey = [...Object.entries(SPEC_SCHEMAS), ['routing', routeSchema] as const].flatMap(([job, schema]) =>
  schemaKeys(schema).map((key) => ({ ...key, place: `${job}: ${key.path}` })),
);

describe('the reference of specs', () => {
  it('has the keys of every job, also within lists, defaults and transforms', () => {
    const paths = (job: string) => schemaKeys(SPEC_SCHEMAS[job]!).map(({ path }) => path);
    expect(paths('delta_builder')).toEqual(
      expect.arrayContaining(['input.time_zone', 'roles[].peer_port', 'enrichment.port_sets', 'output.s3_prefix']),
    );
    expect(paths('project_parameters')).toEqual(
      expect.arrayContaining([
        ...['calendar.working_hours', 'segment_mapping.networks', 'lookback30d.rare_thresholds.peer'],
        'defaults.WindowFloorMinutes',
      ]),
    );
    expect(paths('fg_b_builder')).toEqual(expect.arrayContaining(['support_min_days.30d', 'safety_gaps.7d.head_days']));
    expect(everyKey.length).toBeGreaterThan(200);
  });

  it('says of every key what it does, what may stand there and what holds without it', () => {
    expect(everyKey.filter(({ doc }) => !/\.$/.test(doc)).map(({ place }) => place)).toEqual([]);
    expect(everyKey.filter(({ values, isIdle }) => values === 'anything' && !isIdle).map(({ place }) => place)).toEqual(
      ['project_parameters: defaults.WindowCronExpression', 'project_parameters: ip_machine_mapping_s3_prefix'],
    );
    expect(page).not.toMatch(/undefined|\bNaN\b|\[object|\| {2}\|$/);
  });

  it('has every key on the page, and every canonical field with where presets have it', () => {
    const told = new Set([...page.matchAll(/`([^`\n]+)`/g)].map(([, word]) => word));
    const repeated = /^(project_name|job_name|feature_spec_version)$|field_mapping\./;
    const untold = everyKey.filter(({ path }) => !repeated.test(path) && !told.has(path));
    expect(untold.map(({ place }) => place)).toEqual([]);
    for (const field of FIELD_NAMES)
      expect(page).toContain(`| \`${field}\` | ${CANONICAL_FIELDS[field].required ? 'yes' : ''}`);
    for (const preset of PRESET_NAMES) expect(page).toContain(`- \`${preset}\`: `);
  });

  it('says the defaults that hold', () => {
    const usual = (place: string) => everyKey.find((key) => key.place === place)?.usual;
    const spec = resolve({});
    expect(usual('project_parameters: lookback30d.min_days')).toBe(`\`${spec.fgA.lookbackMinDays}\``);
    expect(usual('project_parameters: host_networks')).toBe(`\`${JSON.stringify(spec.hostNetworks)}\``);
    expect(usual('fg_c_builder: segment_min_hosts')).toBe(`\`${spec.deviation.segmentMinHosts}\``);
    expect(usual('fg_c_builder: baseline_effect_delay')).toBe(`\`${spec.deviation.effectDelayMs / 3_600_000}h\``);
    expect(usual('fg_b_builder: support_min')).toBe(`\`${spec.baselines.supportMin.default}\``);
    expect(usual('fg_b_builder: join_keys')).toBe(`\`${JSON.stringify(spec.baselines.joinKeys)}\``);
    expect(usual('routing: org_key')).toBe('**needed**');
  });
});

describe('the examples of the reference', () => {
  it('read logs in another layout', () => {
    const spec = resolve({ delta_builder: OWN_LAYOUT.spec.spec });
    expect(spec.warnings).toEqual([]);
    expect(spec.portSets['admin']).toEqual([22, 3389, 5900, 5901, 5902, 5903]);
    expect(spec.portSets['print']).toEqual([515, 631, 9100]);
    const rejected: string[] = [];
    const reader = createFlowReader(readerOptionsOf(spec), (_, rule) => rejected.push(rule));
    reader.push(bytesOf(`${JSON.stringify(OWN_LAYOUT.record)}\n`));
    const { flows } = readingOf({ file: reader.finish(), rejected: [] });
    const start = Date.parse('2026-05-04T07:30:00Z');
    expect(rejected).toEqual([]);
    expect(flows).toEqual([
      expect.objectContaining({
        ...{ source: '10.1.2.3', destination: '198.51.100.7', port: 443, sent: 1200, received: 48000 },
        ...{ start, end: start + 12_000 },
      }),
    ]);
  });

  it('are parameters without a fault', () => {
    const spec = resolve({ project_parameters: OFFICE.spec });
    expect(spec.warnings).toEqual([]);
    expect(spec.calendar).toMatchObject({ timeZone: 'Europe/Paris', workingHours: [8, 18], offHours: [18, 22] });
    expect(spec.fgA.highRiskSegments).toEqual(['servers']);
  });

  it('are routes that lead to their projects', () => {
    const decoded = ROUTES.map((route) => decodeRoute(route));
    expect(decoded.flatMap(({ warnings }) => warnings)).toEqual([]);
    const routes = decoded.map(({ value }) => value);
    const found = (folder: string) => {
      const routed = routeOf(routes, folder);
      return routed?.answer.is === 'mini-batch' ? [routed.route.projectName, routed.answer.path.miniBatchId] : routed;
    };
    expect(found('s3://ingestion/paloalto/acme/finance/eu/2026/05/04/mb-17')).toEqual(['finance', 'mb-17']);
    expect(found('s3://ingestion/paloalto/acme/shops/site-7/2026/05/04/mb-17')).toEqual([
      'shops',
      'shops-20260504-mb-17',
    ]);
    expect(found('s3://ingestion/paloalto/acme/other/2026/05/04/mb-17')).toBeUndefined();
  });
});
