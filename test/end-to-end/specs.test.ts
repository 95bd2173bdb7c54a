/** What specs say reaches every number: each variant of them against the oracle told the same. */

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OracleParameters } from '../oracle/oracle.ts';
import { type BackfillLab, lakeOf, openLab, writeRaw } from '../support/backfill-lab.ts';
import { writeSpecs } from '../support/command-run.ts';
import { readManifests } from '../support/committed-lake.ts';
import { judgedFaults } from '../support/judged-home.ts';
import type { MiniBatch } from '../support/mini-batch-folders.ts';
import { officeMiniBatches } from '../support/office-mini-batches.ts';

const office = officeMiniBatches({ seed: 23, hosts: 4, slices: 5, doubled: [1], thin: 4 });

interface Variant {
  readonly specs: Readonly<Record<string, unknown>>;
  readonly parameters: OracleParameters;
  /** How the lines are written. */
  readonly line?: (flow: Readonly<Record<string, unknown>>) => unknown;
}

/** PAN-OS times of a zone 5:30 east of UTC, which name no zone. */
const inKolkata = (time: unknown): unknown =>
  typeof time === 'string'
    ? new Date(Date.parse(time) + 19_800_000).toISOString().slice(0, 19).replace('T', ' ').replaceAll('-', '/')
    : time;

const VARIANTS: Readonly<Record<string, Variant>> = {
  'every address a host, wide segments, a calendar of half hours, few pairs': {
    specs: {
      project_parameters: {
        host_networks: ['0.0.0.0/0', '::/0'],
        segment_mapping: { strategy: 'ipv4_prefix', prefix_length: 16, ipv6_prefix_length: 48 },
        calendar: {
          time_zone: 'Asia/Kolkata',
          working_hours: [16, 18],
          off_hours: [18, 20],
          weekend: ['Fri', 'Sat'],
          holidays: ['2026-03-02'],
        },
        pair_cap: 4,
      },
    },
    parameters: {
      hostNetworks: ['0.0.0.0/0', '::/0'],
      segmentMapping: { strategy: 'ipv4_prefix', prefix_length: 16, ipv6_prefix_length: 48 },
      calendar: {
        time_zone: 'Asia/Kolkata',
        working_hours: [16, 18],
        off_hours: [18, 20],
        weekend: ['Fri', 'Sat'],
        holidays: ['2026-03-02'],
      },
      pairCap: 4,
    },
  },
  'named segments, other port sets, other words': {
    specs: {
      project_parameters: {
        segment_mapping: {
          strategy: 'cidr_map',
          networks: { servers: ['10.10.0.0/24'], 'a floor': '10.10.2.0/23', far: '198.51.100.0/25' },
        },
        high_risk_segments: ['far', '203.0.113.0/28'],
      },
      delta_builder: {
        deny_actions: ['drop'],
        deny_reasons: ['aged-out', 'policy-deny'],
        dq: { threat_subtypes: ['scan'] },
        enrichment: { port_sets: { HIGH_RISK: [53, '8000-8100'], VOIP: ['5060-5061', 443] } },
      },
    },
    parameters: {
      segmentMapping: {
        strategy: 'cidr_map',
        networks: { servers: ['10.10.0.0/24'], 'a floor': '10.10.2.0/23', far: '198.51.100.0/25' },
      },
      highRiskSegments: ['far', '203.0.113.0/28'],
      denyActions: ['drop'],
      denyReasons: ['aged-out', 'policy-deny'],
      threatSubtypes: ['scan'],
      portSets: { high_risk: [53, '8000-8100'], voip: ['5060-5061', 443] },
    },
  },
  'no rule that can be switched off': {
    specs: {
      delta_builder: {
        dq: {
          drop_malformed_ip: false,
          filter_null_bytes_ports: false,
          duration_non_negative: false,
          bytes_non_negative: false,
          max_session_days: 1,
        },
      },
    },
    parameters: {
      dq: {
        drop_malformed_ip: false,
        filter_null_bytes_ports: false,
        duration_non_negative: false,
        bytes_non_negative: false,
        max_session_days: 1,
      },
    },
  },
  'other field names, nested, with times that name no zone': {
    specs: {
      delta_builder: {
        input: {
          time_zone: 'Asia/Kolkata',
          field_mapping: {
            source_ip: 'source.ip',
            destination_ip: 'destination.ip',
            source_bytes: 'source.bytes',
            event_start: 'start_time',
            event_end: 'receive_time',
          },
        },
      },
    },
    parameters: {
      timeZone: 'Asia/Kolkata',
      fieldMapping: {
        source_ip: 'source.ip',
        destination_ip: 'destination.ip',
        source_bytes: 'source.bytes',
        event_start: 'start_time',
        event_end: 'receive_time',
      },
    },
    line: ({ source_ip, destination_ip, source_bytes, event_start, event_end, ...rest }) => ({
      ...rest,
      source: { ip: source_ip, bytes: source_bytes },
      destination: { ip: destination_ip },
      start_time: inKolkata(event_start),
      receive_time: inKolkata(event_end),
    }),
  },
};

const rewrite = (text: string, line: NonNullable<Variant['line']>): string => {
  try {
    return JSON.stringify(line(JSON.parse(text) as Readonly<Record<string, unknown>>));
  } catch {
    return text;
  }
};

let lab: BackfillLab;
beforeAll(() => {
  lab = openLab([]);
});
afterAll(() => lab.close());

describe('specs', () => {
  for (const [name, { specs, parameters, line }] of Object.entries(VARIANTS)) {
    it(`with ${name}`, async () => {
      const miniBatches = office.map(
        (miniBatch): MiniBatch => ({
          ...miniBatch,
          lines: line === undefined ? miniBatch.lines : miniBatch.lines.map((text) => rewrite(text, line)),
        }),
      );
      const place = lab.place(name.replaceAll(/[ ,]+/g, '-'));
      const [input, home] = [join(place, 'raw'), join(place, 'home')];
      writeRaw(input, miniBatches);
      writeSpecs(home, specs);
      await lab.backfill(home, { input, flags: { to: new Date(office[3]!.sliceEnd).toISOString() } });
      // What state holds must be in the lake too, whatever the specs.
      rmSync(join(home, 'state', 'windows'), { recursive: true });
      await lab.backfill(home, { input });
      const undisturbed = join(place, 'undisturbed');
      writeSpecs(undisturbed, specs);
      await lab.backfill(undisturbed, { input, settings: { NDR_SHARDS: '3' } });
      expect(lakeOf(home)).toEqual(lakeOf(undisturbed));

      expect(await judgedFaults(home, miniBatches, parameters)).toEqual([]);
      expect(readManifests(home).at(-1)!.datasets['fg_a']!.rows).toBeGreaterThan(5);
    });
  }
});
