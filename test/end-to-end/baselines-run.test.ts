/** How runs of ndr baselines end: stopped, repeated, refused, with other memory, after late data, and kept. */

import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { baselines } from '../../src/commands/baselines.ts';
import type { CommandContext } from '../../src/commands/command.ts';
import { retain } from '../../src/commands/retain.ts';
import { readSettings } from '../../src/config/read-settings.ts';
import { pretendAwsCredentials } from '../fakes/aws-environment.ts';
import { startEventBridgeServer } from '../fakes/eventbridge-server.ts';
import { runCommand, writeSpecs } from '../support/command-run.ts';
import { openReader } from '../support/committed-lake.ts';
import { writeFeatureHistory } from '../support/feature-history.ts';
import { contentOf } from '../support/folder-content.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const REF = '2026-03-12';
const START = Date.parse('2026-03-03T00:08:00Z');
const HOSTS = ['10.1.1.10', '10.1.1.9', '10.1.2.7', '10.1.2.8', '10.9.0.1', 'fd00::1:2'];
const SPECS = { fg_b_builder: { support_min: 8, max_missing_ratio: 0.95 } };
const flags = { horizon: '7d', ref: REF };

let root = '';
let home = '';
const place = (name: string): string => join(root, name);
const copyOf = (name: string): string => {
  cpSync(home, place(name), { recursive: true });
  return place(name);
};
const tables = (of: string): Record<string, string> => contentOf(join(of, 'lake', 'default', 'fg_b'));
const workOf = (of: string): string => join(of, 'state', 'baseline-work');

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'ndr-baselines-'));
  home = place('home');
  writeSpecs(home, SPECS);
  const sliceEnds = Array.from({ length: 7 * 8 }, (_, n) => START + n * 3 * HOUR);
  await writeFeatureHistory(home, { sliceEnds: [...sliceEnds, START + 9.5 * DAY], hosts: HOSTS, seed: 1 });
}, 120_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** What SQL says of a table of the home, called t. */
async function rowsOf(of: string, table: string, query: string): Promise<unknown[]> {
  const reader = await openReader();
  const files = join(of, 'lake', 'default', 'fg_b', table, '**', '*.parquet');
  const sql = query.replace(/ FROM t/, ` FROM read_parquet('${files}', hive_partitioning = false)`);
  const rows = (await reader.runAndReadAll(sql)).getRowObjectsJS();
  reader.closeSync();
  return rows;
}

/** A run that is asked to stop after so many words of progress. */
async function stoppedAfter(words: number, of: string): Promise<number> {
  const stop = new AbortController();
  let heard = 0;
  const context: CommandContext = {
    settings: readSettings({ env: { NDR_THREADS: '1' }, overrides: { home: of } }),
    flags,
    terminal: {
      out: () => {},
      note: () => {},
      progress: () => {
        if (++heard >= words) stop.abort();
      },
    },
    clock: Date.now,
    codeVersion: 'test',
    cores: 1,
    worker: new URL('../../src/worker.ts', import.meta.url),
    stop: stop.signal,
  };
  return baselines.run(context);
}

describe('ndr baselines', () => {
  it.each(['segment', 'publication_metadata'])('writes again what was lost of %s', async (table) => {
    const own = copyOf(`lost-${table}`);
    await runCommand(baselines, { home: own, flags });
    const written = tables(own);
    for (const path of Object.keys(written)) {
      if (path.startsWith(`${table}/`)) rmSync(join(own, 'lake', 'default', 'fg_b', path));
    }
    expect(Object.keys(tables(own)).length).toBeLessThan(Object.keys(written).length);
    expect(await runCommand(baselines, { home: own, flags })).toMatchObject({ code: 0, results: [{ revision: 1 }] });
    expect(tables(own)).toEqual(written);
  });

  it('publishes once, and then finds that nothing has changed', async () => {
    const own = copyOf('twice');
    const first = await runCommand(baselines, { home: own, flags });
    expect(first).toMatchObject({
      code: 0,
      results: [
        {
          outcome: 'published',
          baseline_horizon: '7d',
          ref: '2026-03-12T00:00:00Z',
          baseline_start_ts: '2026-03-03T00:00:00Z',
          baseline_end_ts: '2026-03-10T00:00:00Z',
          revision: 1,
          expected_slices: 672,
          missing_slices: 616,
          hosts: 6,
        },
      ],
    });
    const written = tables(own);
    expect(
      Object.keys(written)
        .map((path) => path.split('/feature_spec_version')[0])
        .sort(),
    ).toEqual(
      [
        'host',
        'ip_metadata',
        'pair/host',
        'pair/segment',
        'publication_metadata',
        'publication_metadata',
        'segment',
      ].sort(),
    );
    expect(readdirSync(workOf(own))).toEqual([]);
    const again = await runCommand(baselines, { home: own, flags });
    expect(again).toMatchObject({ code: 0, results: [{ outcome: 'unchanged', revision: 1 }] });
    expect(tables(own)).toEqual(written);
  });

  it('tells of what it published, and again with the same id where it stood already', async () => {
    pretendAwsCredentials();
    const bridge = await startEventBridgeServer();
    try {
      const own = copyOf('told');
      const settings = { NDR_EVENTS_EVENTBRIDGE_BUS: 'ndr', NDR_EVENTBRIDGE_ENDPOINT: bridge.endpoint };
      for (let run = 0; run < 2; run++)
        expect((await runCommand(baselines, { home: own, flags, settings })).code).toBe(0);
      const told = bridge.entries.map(({ Detail = '' }) => JSON.parse(Detail) as Record<string, unknown>);
      expect(told).toEqual(Array(2).fill(told[0]));
      expect(told[0]).toMatchObject({
        event_type: 'BaselinesPublished',
        baseline_horizon: '7d',
        ref: '2026-03-12T00:00:00Z',
        revision: 1,
      });
    } finally {
      await bridge.close();
    }
  });

  it('takes the newest scheduled instants by itself, and tells which horizon is refused', async () => {
    const own = copyOf('schedule');
    const { code, results, notes } = await runCommand(baselines, { home: own });
    expect(results).toMatchObject([
      { outcome: 'refused', baseline_horizon: '30d', ref: '2026-03-09T00:00:00Z' },
      { outcome: 'published', baseline_horizon: '7d', ref: '2026-03-12T00:00:00Z' },
    ]);
    expect(code).toBe(1);
    expect(notes).toEqual([]);
  });

  it('goes on where it was stopped, and comes to the same', async () => {
    const undisturbed = copyOf('undisturbed');
    await runCommand(baselines, { home: undisturbed, flags });
    for (const words of [2, 3, 12]) {
      const own = copyOf(`stopped-${words}`);
      expect(await stoppedAfter(words, own)).toBe(1);
      expect(readdirSync(join(own, 'state', 'items'), { recursive: true }).join()).not.toContain('baseline');
      const [work] = readdirSync(workOf(own));
      const done = readdirSync(join(workOf(own), work!)).map((name) => join(workOf(own), work!, name));
      const before = new Map(done.map((path) => [path, statSync(path).mtimeMs]));
      expect(done.length).toBeGreaterThan(0);
      // Stopped once more: what was finished was not made again.
      await stoppedAfter(words + 1, own);
      for (const [path, mtimeMs] of before) if (existsSync(path)) expect(statSync(path).mtimeMs).toBe(mtimeMs);
      await runCommand(baselines, { home: own, flags });
      expect(tables(own)).toEqual(tables(undisturbed));
      expect(readdirSync(workOf(own))).toEqual([]);
    }
  }, 240_000);

  it('gives the same bytes with other memory and threads', async () => {
    const one = copyOf('one-thread');
    const two = copyOf('two-threads');
    await runCommand(baselines, { home: one, flags });
    const settings = { NDR_THREADS: '2', NDR_BASELINES_MEMORY_MB: '512' };
    expect(await runCommand(baselines, { home: two, flags, settings })).toMatchObject({ code: 0 });
    expect(tables(two)).toEqual(tables(one));
  });

  it('makes a new revision of late data, whose predecessor ndr retain removes in time', async () => {
    const own = copyOf('late');
    await runCommand(baselines, { home: own, flags });
    const before = Object.keys(tables(own));
    await writeFeatureHistory(own, { sliceEnds: [START + HOUR, START], hosts: HOSTS, seed: 2, suffix: '-late' });
    expect(await runCommand(baselines, { home: own, flags })).toMatchObject({
      code: 0,
      results: [{ outcome: 'published', revision: 2, missing_slices: 615 }],
    });
    const after = Object.keys(tables(own));
    const replaced = before.filter((path) => path.includes('/host/'));
    expect(after).toEqual(expect.arrayContaining(replaced));
    const settings = { NDR_RETENTION_FG_A_DAYS: '60' };
    await runCommand(retain, { home: own, settings });
    expect(Object.keys(tables(own)).sort()).toEqual(after.sort());
    const clock = (): number => Date.now() + 3 * DAY;
    await runCommand(retain, { home: own, settings, clock });
    const kept = Object.keys(tables(own));
    expect(kept).toHaveLength(before.length);
    expect(kept.filter((path) => replaced.includes(path))).toEqual([]);
    expect(await runCommand(baselines, { home: own, flags })).toMatchObject({ results: [{ outcome: 'unchanged' }] });
  });

  it('keeps publications as long as retention.baselines_days says, and the newest always', async () => {
    const own = copyOf('old');
    const backfill = { horizon: '7d', mode: 'backfill', start: '2026-03-10', end: '2026-03-13' };
    expect((await runCommand(baselines, { home: own, flags: backfill })).results).toMatchObject([
      { outcome: 'published', ref: '2026-03-10T00:00:00Z' },
      { outcome: 'published', ref: '2026-03-11T00:00:00Z' },
      { outcome: 'published', ref: '2026-03-12T00:00:00Z' },
    ]);
    const refs = (): string[] => [
      ...new Set(Object.keys(tables(own)).map((path) => /ref=([^/]*)/.exec(path)![1]!.slice(0, 10))),
    ];
    const { results } = await runCommand(retain, { home: own, settings: { NDR_RETENTION_BASELINES_DAYS: '1' } });
    expect(results).toContainEqual(expect.objectContaining({ what: 'baselines', publications: 2, removed: true }));
    expect(refs()).toEqual(['2026-03-12']);
  });

  it('keys baselines by time band and segment where the spec says so', async () => {
    const plain = copyOf('plain');
    const banded = copyOf('banded');
    writeSpecs(banded, {
      fg_b_builder: { ...SPECS.fg_b_builder, join_keys: ['host_ip', 'window_label', 'segment_id', 'time_band'] },
    });
    for (const own of [plain, banded]) await runCommand(baselines, { home: own, flags });
    const supports = (of: string, table: string, owner: string) =>
      rowsOf(
        of,
        table,
        `SELECT ${owner}, sum(sessions_cnt_w_15m_support_count)::INT AS support FROM t GROUP BY ${owner} ORDER BY ${owner}`,
      );
    for (const [table, owner] of [
      ['host', 'host_ip'],
      ['segment', 'segment_id'],
    ] as const)
      expect(await supports(banded, table, owner)).toEqual(await supports(plain, table, owner));
    const keys = await rowsOf(banded, 'host', 'SELECT host_ip, segment_id, window_label, time_band FROM t');
    expect(keys.slice(0, 3)).toEqual([
      { host_ip: '10.1.1.10', segment_id: '10.1.1.0/24', window_label: 'w_15m', time_band: 'off_hours' },
      { host_ip: '10.1.1.10', segment_id: '10.1.1.0/24', window_label: 'w_15m', time_band: 'working_hours' },
      { host_ip: '10.1.1.9', segment_id: '10.1.1.0/24', window_label: 'w_15m', time_band: 'off_hours' },
    ]);
    expect(keys).toHaveLength(2 * HOSTS.length);
    const whole = "SELECT time_band, hosts_count::INT AS hosts, sample_rate FROM t WHERE segment_id = '*'";
    expect(await rowsOf(banded, 'segment', whole)).toEqual([
      { time_band: 'off_hours', hosts: 6, sample_rate: 1 },
      { time_band: 'working_hours', hosts: 6, sample_rate: 1 },
    ]);
  });

  it('takes names of machines from the inventory that the specs ask for', async () => {
    const own = copyOf('names');
    writeSpecs(own, { machine_inventory_unload: {}, non_persistent_prefixes: { prefixes: ['VDI-'] } });
    await expect(runCommand(baselines, { home: own, flags })).rejects.toThrow(
      /^FG_B_MAPPING_POINTER_MISSING: project_parameters#v1: ip_machine_mapping_s3_prefix/,
    );
    const snapshot = join(own, 'inventory', 'snapshot_month=2026-03');
    mkdirSync(snapshot, { recursive: true });
    writeFileSync(
      join(snapshot, 'names.csv'),
      [
        'ip_address,machine_name,mapping_contract_version',
        '10.1.1.9,pc-9,machine_inventory_mapping.v1',
        '10.1.2.7,vdi-7,machine_inventory_mapping.v1',
        'FD00:0:0::1:2,six,machine_inventory_mapping.v1\n',
      ].join('\n'),
    );
    writeSpecs(own, { project_parameters: { ip_machine_mapping_s3_prefix: snapshot } });
    await runCommand(baselines, { home: own, flags });
    const names = 'SELECT host_ip, machine_name AS name, is_non_persistent_machine AS np, is_cold_start AS cold FROM t';
    expect(await rowsOf(own, 'ip_metadata', names)).toEqual([
      { host_ip: '10.1.1.10', name: null, np: 0, cold: 0 },
      { host_ip: '10.1.1.9', name: 'pc-9', np: 0, cold: 0 },
      { host_ip: '10.1.2.7', name: 'vdi-7', np: 1, cold: 1 },
      { host_ip: '10.1.2.8', name: null, np: 0, cold: 0 },
      { host_ip: '10.9.0.1', name: null, np: 0, cold: 0 },
      { host_ip: 'fd00::1:2', name: 'six', np: 0, cold: 0 },
    ]);
  });

  it('refuses calls that make no sense', async () => {
    const run = (given: Record<string, string>) => runCommand(baselines, { home: place('home'), flags: given });
    await expect(run({ month: '2026-13' })).rejects.toThrow(/FG_B_BASELINE_MONTH_INVALID/);
    await expect(run({ month: '2026-03', ref: REF })).rejects.toThrow(/stand together/);
    await expect(run({ start: REF })).rejects.toThrow(/belong to --mode backfill/);
    await expect(run({ mode: 'backfill', start: REF })).rejects.toThrow(/--end: is missing/);
    await expect(run({ horizon: '14d' })).rejects.toThrow(/give one of 7d, 30d, both/);
  });
});
