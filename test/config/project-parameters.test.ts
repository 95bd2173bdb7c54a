import { describe, expect, it } from 'vitest';
import { decodeProjectParameters } from '../../src/config/project-parameters.ts';
import { faultsOf } from './spec-cases.ts';

const WHERE = { job: 'project_parameters', version: 'v1', project: 'acme' };
const decode = (payload: unknown) => decodeProjectParameters(payload, WHERE);
const faults = (payload: unknown) => faultsOf(() => decode(payload));

describe('decodeProjectParameters', () => {
  it('takes every default from nothing', () => {
    for (const payload of [undefined, null, {}]) {
      expect(decode(payload)).toEqual({
        warnings: [],
        value: {
          hostNetworks: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7', 'fe80::/10'],
          infrastructure: [],
          calendar: { timeZone: 'UTC', workingHours: [7, 17], offHours: [17, 22], weekend: [0, 6], holidays: [] },
          segmentMapping: null,
          highRiskSegments: null,
          lookback: { minDays: undefined, rareThresholds: { peer: undefined, port: undefined, pair: undefined } },
          windowFloorMinutes: [8, 23, 38, 53],
          pairCap: 65_536,
          mlProjectName: null,
          mappingPointer: null,
          defaults: {
            projectName: null,
            featureSpecVersion: null,
            mlProjectName: null,
            org1: null,
            org2: null,
            vendorPrefix: null,
            ingestionBasePrefix: null,
            miniBatchS3Prefix: null,
            historicalInputS3Prefix: null,
            historicalWindowsOutputS3Prefix: null,
          },
        },
      });
    }
  });

  it('reads the defaults of a deployed project, placeholders as unset', () => {
    const { value, warnings } = decode({
      ip_machine_mapping_s3_prefix: 's3://ndr/machine_inventory/snapshot_month=2025-01/',
      defaults: {
        ProjectName: '<required:ProjectName>',
        FeatureSpecVersion: 'v1',
        MiniBatchId: 'auto-mini-batch',
        BatchStartTsIso: '<required:BatchStartTsIso>',
        BatchEndTsIso: '<required:BatchEndTsIso>',
        RunId: 'manual-run',
        WindowCronExpression: '8-59/15 * * * ? *',
        WindowFloorMinutes: [8, 23, 38, 53],
        HistoricalInputS3Prefix: 's3://REPLACE_ME/raw/',
        Org1: 'acme',
        Org2: 'finance',
        VendorPrefix: 'paloalto',
        IngestionBasePrefix: 's3://ndr-ingestion/',
        MiniBatchS3Prefix: '',
      },
    });
    expect(warnings).toEqual([]);
    expect(value.defaults).toEqual({
      projectName: null,
      featureSpecVersion: 'v1',
      mlProjectName: null,
      org1: 'acme',
      org2: 'finance',
      vendorPrefix: 'paloalto',
      ingestionBasePrefix: 's3://ndr-ingestion/',
      miniBatchS3Prefix: null,
      historicalInputS3Prefix: null,
      historicalWindowsOutputS3Prefix: null,
    });
  });

  it('canonicalises networks', () => {
    const { value } = decode({ host_networks: ['10.0.0.0/8', 'FC00::/7', '10.0.0.0/8'], infrastructure: '10.0.0.53' });
    expect(value.hostNetworks).toEqual(['10.0.0.0/8', 'fc00::/7']);
    expect(value.infrastructure).toEqual(['10.0.0.53/32']);
  });

  it('reads segment mappings', () => {
    const mapping = (segment_mapping: unknown) => decode({ segment_mapping }).value.segmentMapping;
    expect(mapping({ strategy: 'ipv4_prefix', prefix_length: 16, ipv6_prefix_length: 56 })).toEqual({
      prefixLength: 16,
      ipv6PrefixLength: 56,
      networks: [],
    });
    const networks = [
      { name: 'dmz', cidr: '10.9.0.0/16' },
      { name: 'labs', cidr: '10.1.0.0/16' },
      { name: 'labs', cidr: '10.2.0.0/16' },
    ];
    const expected = { prefixLength: 24, ipv6PrefixLength: 64, networks };
    const named = { dmz: '10.9.0.0/16', labs: ['10.1.0.0/16', '10.2.0.0/16'] };
    expect(mapping({ strategy: 'cidr_map', networks: named })).toEqual(expected);
    expect(mapping({ cidr_map: named })).toEqual(expected);
  });

  it.each([
    [{ strategy: 'cidr_map' }, 'segment_mapping.networks: is missing; strategy cidr_map needs {"<name>": "<CIDR>"}'],
    [
      { strategy: 'ipv4_prefix', networks: { a: '10.0.0.0/8' } },
      'segment_mapping.networks: has no effect under strategy ipv4_prefix; set strategy to cidr_map',
    ],
    [
      { networks: { a: '10.0.0.0/8', b: '10.0.0.0/8' } },
      'segment_mapping.networks: 10.0.0.0/8 belongs to both a and b',
    ],
    [
      { networks: { SEG_UNKNOWN: '10.0.0.0/8' } },
      'segment_mapping.networks: "SEG_UNKNOWN" cannot be the name of a segment',
    ],
    [{ networks: { '*': '0.0.0.0/0' } }, 'segment_mapping.networks: "*" cannot be the name of a segment'],
    [{ prefix_length: 33 }, 'segment_mapping.prefix_length: is 33; expected a whole number 0..32'],
    [{ ipv6_prefix_length: 129 }, 'segment_mapping.ipv6_prefix_length: is 129; expected a whole number 0..128'],
    [
      { strategy: 'ipv4' },
      'segment_mapping.strategy: is "ipv4"; expected one of ipv4_prefix, cidr_map; did you mean ipv4_prefix?',
    ],
  ])('segment mapping %j is a fault', (segment_mapping, fault) => {
    expect(faults({ segment_mapping })).toEqual([`project_parameters#v1: ${fault}`]);
  });

  it('reads calendars', () => {
    const { value } = decode({
      calendar: {
        time_zone: 'Asia/Jerusalem',
        working_hours: [8, 18],
        weekend: ['Fri', 'saturday'],
        holidays: ['2025-04-13', '2025-01-01', '2025-01-01'],
      },
    });
    expect(value.calendar).toEqual({
      timeZone: 'Asia/Jerusalem',
      workingHours: [8, 18],
      offHours: [18, 22],
      weekend: [5, 6],
      holidays: ['2025-01-01', '2025-04-13'],
    });
    expect(decode({ calendar: { weekend: [] } }).value.calendar.weekend).toEqual([]);
    expect(decode({ calendar: { working_hours: [0, 24] } }).value.calendar.offHours).toEqual([24, 24]);
  });

  it.each([
    [
      { time_zone: 'Asia/Jerusalm' },
      'time_zone: is "Asia/Jerusalm", which is no IANA time zone; did you mean Asia/Jerusalem?',
    ],
    [{ time_zone: '+02:00' }, 'time_zone: is "+02:00"; expected an IANA time zone such as Europe/Paris'],
    [
      { working_hours: [17, 7] },
      'working_hours: is [17,7]; expected [start, end] in whole hours, 0 <= start <= end <= 24',
    ],
    [
      { working_hours: [7, 25] },
      'working_hours: is [7,25]; expected [start, end] in whole hours, 0 <= start <= end <= 24',
    ],
    [{ off_hours: [16, 22] }, 'off_hours: is [16,22], which overlaps working_hours [7,17]'],
    [{ weekend: ['Son'] }, 'weekend[0]: is "Son"; expected a day such as Sat, or 0 (Sunday) .. 6 (Saturday)'],
    [{ weekend: [7] }, 'weekend[0]: is 7; expected a day such as Sat, or 0 (Sunday) .. 6 (Saturday)'],
    [{ holidays: ['2025-02-29'] }, 'holidays[0]: is "2025-02-29"; expected a calendar date, YYYY-MM-DD'],
    [{ holidays: ['1.1.2025'] }, 'holidays[0]: is "1.1.2025"; expected a calendar date, YYYY-MM-DD'],
  ])('calendar %j is a fault', (calendar, fault) => {
    expect(faults({ calendar })).toEqual([`project_parameters#v1: calendar.${fault}`]);
  });

  it.each([[[8, 23, 38]], [[8, 23, 38, 54]], [[15, 30, 45, 60]], [['a', 1, 2, 3]], [8], [[0.5, 15.5, 30.5, 45.5]]])(
    'WindowFloorMinutes %j are no slice ends',
    (WindowFloorMinutes) => {
      expect(faults({ defaults: { WindowFloorMinutes } })).toEqual([
        `project_parameters#v1: defaults.WindowFloorMinutes: is ${JSON.stringify(WindowFloorMinutes)}; expected four minutes of the hour, 15 apart, such as [8,23,38,53]`,
      ]);
    },
  );

  it('takes other slice ends, in any order, with a cron expression that fires there', () => {
    const minutes = (defaults: object) => decode({ defaults }).value.windowFloorMinutes;
    expect(minutes({ WindowFloorMinutes: [53, 8, 38, 23] })).toEqual([8, 23, 38, 53]);
    expect(minutes({ WindowFloorMinutes: [0, 15, 30, 45], WindowCronExpression: '0/15 * * * ? *' })).toEqual([
      0, 15, 30, 45,
    ]);
    expect(faults({ defaults: { WindowCronExpression: '0/15 * * * ? *' } })).toEqual([
      'project_parameters#v1: defaults.WindowCronExpression: is "0/15 * * * ? *", which does not fire at WindowFloorMinutes; expected 8-59/15 * * * ? *',
    ]);
  });

  it('names every fault at once and the nearest keys beside them', () => {
    const payload = {
      project_name: 'other',
      host_networks: ['10.1.2.3/8', 'ten', '10.0.0.0/33'],
      infrastructure: [5],
      pair_cap: 0,
      ml_project_name: 'ML',
      lookback30d: { min_days: 31, rare_thresholds: { peers: 1 } },
      host_network: [],
    };
    expect(faults(payload)).toEqual([
      'project_parameters#v1: project_name: is "other"; the item belongs to project acme',
      'project_parameters#v1: host_networks[0]: is "10.1.2.3/8", which has bits beyond its length; did you mean 10.0.0.0/8 or 10.1.2.3?',
      'project_parameters#v1: host_networks[1]: is "ten"; expected a network such as 10.0.0.0/8, or an address',
      'project_parameters#v1: host_networks[2]: is "10.0.0.0/33"; expected a network such as 10.0.0.0/8, or an address',
      'project_parameters#v1: infrastructure[0]: is 5; expected a network such as 10.0.0.0/8, or an address',
      'project_parameters#v1: lookback30d.min_days: is 31; expected a whole number 0..30',
      'project_parameters#v1: pair_cap: is 0; expected a whole number 1..16777216',
      'project_parameters#v1: ml_project_name: is "ML"; expected a project name: 1 to 48 of a-z, 0-9 and -, not beginning with -',
    ]);
    expect(() => decode(payload)).toThrow(
      '(project_parameters#v1: lookback30d.rare_thresholds.peers: unknown key, ignored; did you mean peer?)',
    );
  });

  it('warns of unknown keys and uses the rest', () => {
    const { value, warnings } = decode({ pair_cap: '7', calender: {}, defaults: { Org3: 'x', Org1: 'acme' } });
    expect(value.pairCap).toBe(7);
    expect(value.defaults.org1).toBe('acme');
    expect(warnings).toEqual([
      'project_parameters#v1: defaults.Org3: unknown key, ignored; did you mean Org1?',
      'project_parameters#v1: calender: unknown key, ignored; did you mean calendar?',
    ]);
  });

  it('does not take what is no object', () => {
    expect(faults([])).toEqual(['project_parameters#v1: is []; expected an object']);
    expect(faults({ calendar: 'UTC' })).toEqual(['project_parameters#v1: calendar: is "UTC"; expected an object']);
    expect(faults({ host_networks: [] })).toEqual([
      'project_parameters#v1: host_networks: is empty; no address would be a host',
    ]);
  });
});
