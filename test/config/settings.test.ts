import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readSettings } from '../../src/config/read-settings.ts';
import { SETTINGS } from '../../src/config/settings.ts';
import { renderSettingsDoc } from '../../src/config/settings-doc.ts';
import { envNameOf, readTable, SettingsError } from '../../src/config/settings-table.ts';
import { text, wholeNumber } from '../../src/config/value-types.ts';

const faultsOf = (read: () => unknown): readonly string[] => {
  try {
    read();
  } catch (error) {
    if (error instanceof SettingsError) return error.faults;
    throw error;
  }
  return [];
};

describe('settings', () => {
  it('have these defaults', () => {
    expect(readSettings({ env: {} })).toEqual({
      home: './ndr-home',
      project: 'default',
      feature_spec_version: null,
      shards: 1,
      threads: 'auto',
      'serve.poll_seconds': 5,
      'serve.drain_seconds': 30,
      'serve.max_bytes_in_flight': 536_870_912,
      'reconcile.seconds': 900,
      'completeness.marker': null,
      'completeness.settle_seconds': 60,
      'completeness.max_wait_seconds': 600,
      'completeness.recheck_seconds': 900,
      'input.slice_time': 'auto',
      'input.id_pattern': null,
      'input.max_file_bytes': 4_294_967_296,
      'input.max_lines': 10_000_000,
      'order.wait_seconds': 120,
      'order.reprocess_affected': true,
      'state.late_hours': 24,
      'state.max_bytes': null,
      'redis.state_url': null,
      'baselines.memory_mb': 1024,
      'lake.location': null,
      'quarantine.location': null,
      'tables.store': 'directory',
      'tables.parameters': 'ml_projects_parameters',
      'tables.routing': 'ml_projects_routing',
      'tables.batch_index': 'batch_index',
      'queue.url': null,
      'queue.dead_letter_url': null,
      'queue.visibility_seconds': 120,
      'aws.region': null,
      'aws.endpoint': null,
      's3.endpoint': null,
      's3.force_path_style': false,
      's3.checksums': 'when_supported',
      'sqs.endpoint': null,
      'dynamodb.endpoint': null,
      'eventbridge.endpoint': null,
      'events.eventbridge_bus': null,
      'events.kafka_brokers': null,
      'events.kafka_topic': 'ndr-events',
      'http.host': '127.0.0.1',
      'http.port': null,
      'log.level': 'info',
      'lake.gc_grace_seconds': 3600,
      'retention.delta_days': 45,
      'retention.pair_context_days': 45,
      'retention.fg_a_pair_context_days': 45,
      'retention.pair_counts_days': 200,
      'retention.fg_a_days': 200,
      'retention.fg_c_days': 200,
      'retention.baselines_days': 190,
      'retention.quarantine_days': 30,
      'retention.scratch_days': 2,
    });
  });

  it('are frozen', () => expect(Object.isFrozen(readSettings({ env: {} }))).toBe(true));

  it('come from flags, then the environment, then the file', () => {
    const yamlText = 'shards: 2\nthreads: 3\nlake:\n  gc_grace_seconds: 7\nserve: { poll_seconds: 0.5 }\n';
    const env = { NDR_SHARDS: '8', NDR_THREADS: '4', NDR_HOME: '   ', OTHER: 'x', NDR_STATE_LATE_HOURS: undefined };
    const settings = readSettings({ env, yamlText, overrides: { shards: '16', home: undefined } });
    expect(settings.shards).toBe(16);
    expect(settings.threads).toBe(4);
    expect(settings['lake.gc_grace_seconds']).toBe(7);
    expect(settings['serve.poll_seconds']).toBe(0.5);
    expect(settings.home).toBe('./ndr-home');
  });

  it('go by older names in the environment too, of which the newer wins and a blank one is unset', () => {
    const tableIn = (env: Record<string, string>) => readSettings({ env })['tables.parameters'];
    expect(tableIn({ JOB_SPEC_DDB_TABLE_NAME: 'old' })).toBe('old');
    expect(tableIn({ ML_PROJECTS_PARAMETERS_TABLE_NAME: 'newer', JOB_SPEC_DDB_TABLE_NAME: 'old' })).toBe('newer');
    expect(tableIn({ ML_PROJECTS_PARAMETERS_TABLE_NAME: ' ', JOB_SPEC_DDB_TABLE_NAME: 'old' })).toBe('old');
    expect(tableIn({ NDR_TABLES_PARAMETERS: 'ours', ML_PROJECTS_PARAMETERS_TABLE_NAME: 'newer' })).toBe('ours');
    expect(faultsOf(() => tableIn({ JOB_SPEC_DDB_TABLE_NAME: 'a/b' }))[0]).toMatch(
      /^JOB_SPEC_DDB_TABLE_NAME: is "a\/b"/,
    );
  });

  it('report every fault at once, each with where it stands', () => {
    const yamlText = 'lake:\n  gc_grace_secs: 1\nserve: 5\nthreads: 99\ninput: { id_pattern: "{yyyy}{HH}{MM}" }\n';
    const env = { NDR_SHARDS: 'many', NDR_SHARD: '1', NDR_PROJECT: 'Prod', NDR_INPUT_SLICE_TIME: 'max_event' };
    expect(faultsOf(() => readSettings({ env, yamlText, yamlName: 'conf/ndr.yaml', overrides: { hom: 'x' } }))).toEqual(
      [
        'conf/ndr.yaml: lake.gc_grace_secs: unknown key; did you mean lake.gc_grace_seconds?',
        'conf/ndr.yaml: serve: is 5; expected the settings within it',
        'NDR_SHARD: unknown setting; did you mean NDR_SHARDS?',
        '--hom: unknown setting; did you mean home?',
        'NDR_PROJECT: is "Prod"; expected a project name: 1 to 48 of a-z, 0-9 and -, not beginning with -',
        'NDR_SHARDS: is "many"; expected a whole number 1..1024',
        'conf/ndr.yaml: threads: is 99; expected auto, or a whole number 1..64',
        'NDR_INPUT_SLICE_TIME: is "max_event"; expected one of auto, id_pattern, last_modified, max_event_end; did you mean max_event_end?',
        'conf/ndr.yaml: input.id_pattern: is "{yyyy}{HH}{MM}", which holds part of a date; give {yyyy}, {mm} and {dd}, or none to take the path\'s',
      ],
    );
  });

  it.each(['0', '1025', '1.5', '', 'x', 'true'])('shards: %j is either unset or a fault', (raw) => {
    const read = () => readSettings({ env: { NDR_SHARDS: raw } });
    if (raw === '') expect(read().shards).toBe(1);
    else expect(faultsOf(read)).toEqual([`NDR_SHARDS: is "${raw}"; expected a whole number 1..1024`]);
  });

  it('say where a file is not YAML', () => {
    const [fault] = faultsOf(() => readSettings({ env: {}, yamlText: 'shards: 1\nlake: [\n' }));
    expect(fault).toMatch(/^ndr\.yaml:3:1: /);
    expect(faultsOf(() => readSettings({ env: {}, yamlText: 'shards: 1\nshards: 2\n' }))[0]).toMatch(
      /^ndr\.yaml:2:1: /,
    );
    expect(faultsOf(() => readSettings({ env: {}, yamlText: '- shards' }))).toEqual([
      'ndr.yaml: is ["shards"]; expected settings such as "shards: 4"',
    ]);
  });

  it('accept an empty file, empty sections and nulls', () => {
    expect(readSettings({ env: {}, yamlText: '# nothing\nlake:\nshards: null\n' }).shards).toBe(1);
  });

  it('pass over what Kubernetes sets for a service called ndr', () => {
    const env = { NDR_SERVICE_HOST: '10.0.0.1', NDR_PORT: 'tcp://10.0.0.1:80', NDR_PORT_80_TCP_ADDR: '10.0.0.1' };
    expect(readSettings({ env: { ...env, NDR_SERVICE_PORT_HTTP: '80' } }).shards).toBe(1);
  });

  it('refuse a wait that ends before a mini-batch can settle', () => {
    const env = { NDR_COMPLETENESS_MAX_WAIT_SECONDS: '30' };
    expect(faultsOf(() => readSettings({ env }))).toEqual([
      'completeness.max_wait_seconds: is 30, less than completeness.settle_seconds (60); no mini-batch would settle',
    ]);
  });

  it('have an environment name of their own each', () => {
    const names = Object.keys(SETTINGS).map(envNameOf);
    expect(new Set(names).size).toBe(names.length);
    expect(envNameOf('lake.gc_grace_seconds')).toBe('NDR_LAKE_GC_GRACE_SECONDS');
  });
});

describe('a table with a secret', () => {
  const TABLE = {
    token: { doc: 'Token.', type: z.string().min(8).describe('8 characters or more'), default: null, secret: true },
    size: { doc: 'Size.', type: wholeNumber(1, 9), default: 3 },
    place: { doc: 'Where.', type: text, default: undefined },
  } as const;

  it('never shows it', () => {
    const values = readTable(TABLE, { env: { NDR_TOKEN: 'hunter22hunter22', NDR_PLACE: 'here' } });
    expect(values.token).toBe('hunter22hunter22');
    const faults = faultsOf(() => readTable(TABLE, { env: { NDR_TOKEN: 'hunter2', NDR_PLACE: 'x' } }));
    expect(faults).toEqual(['NDR_TOKEN: is not readable; expected 8 characters or more']);
    expect(renderSettingsDoc(TABLE)).toContain('Token. Secret: never printed.');
  });

  it('names a setting that must be set', () => {
    expect(faultsOf(() => readTable(TABLE, { env: {} }))).toEqual(['NDR_PLACE: is not set (ndr.yaml: place); Where.']);
  });
});

describe('docs/settings.md', () => {
  it('is what the table says', () => {
    const page = readFileSync(new URL('../../docs/settings.md', import.meta.url), 'utf8');
    expect(page).toBe(renderSettingsDoc());
    for (const path of Object.keys(SETTINGS)) expect(page).toContain(`| \`${path}\` | \`${envNameOf(path)}\``);
  });
});
