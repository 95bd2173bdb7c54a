import type { DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeEvidence } from '../../../bench/detect/pair-evidence.ts';
import { seededDice } from '../../../src/simulation/seeded-dice.ts';
import { openReader } from '../../support/committed-lake.ts';

const MINUTE = 60_000;
const SLICE = 15 * MINUTE;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const BEGIN = Date.parse('2026-05-04T00:08:00Z');

interface Session {
  readonly host: string;
  readonly peer: string;
  readonly start: number;
  readonly bytes: number;
  readonly role?: string;
}
interface Evidence {
  readonly host: string;
  readonly until: number;
  readonly beacon: number;
  readonly exfiltration: number;
  readonly strobe: number;
}

/** Starts from BEGIN on, for so long; the next gap is asked of `gap`. */
function starts(hours: number, gap: () => number): number[] {
  const all: number[] = [];
  for (let at = BEGIN + gap(); at < BEGIN + hours * HOUR; at += gap()) all.push(Math.floor(at));
  return all;
}

describe('evidence of young pairs', () => {
  let reader: DuckDBConnection;
  beforeAll(async () => {
    reader = await openReader();
  });
  afterAll(() => reader.closeSync());

  /** Pair context has a row a slice. */
  async function evidenceOf(sessions: readonly Session[]): Promise<Evidence[]> {
    await reader.run(
      `CREATE OR REPLACE TABLE sessions (host VARCHAR, peer VARCHAR, role VARCHAR, start BIGINT, bytes BIGINT)`,
    );
    const values = sessions.map(
      ({ host, peer, start, bytes, role = 'outbound' }) => `('${host}', '${peer}', '${role}', ${start}, ${bytes})`,
    );
    await reader.run(`INSERT INTO sessions VALUES ${values.join(', ')}`);
    await reader.run(`CREATE OR REPLACE TABLE pairs AS
      SELECT host AS host_ip, role, peer AS peer_ip, 443::DOUBLE AS peer_port,
        make_timestamp(1000 * (${BEGIN} + ${SLICE} * (1 + (start - ${BEGIN}) // ${SLICE}))) AS slice_end_ts,
        count(*) AS sessions_cnt, sum(bytes) AS bytes_sent_sum, make_timestamp(1000 * min(start)) AS first_event_ts,
        CASE WHEN count(*) > 1 THEN list(make_timestamp(1000 * start)) END AS starts
      FROM sessions GROUP BY ALL`);
    await makeEvidence(reader, { known: 'pairs', recent: 'pairs' });
    return (
      await reader.runAndReadAll('SELECT * FROM evidence ORDER BY until')
    ).getRowObjectsJS() as unknown as Evidence[];
  }
  const most = (rows: readonly Evidence[], of: 'beacon' | 'exfiltration' | 'strobe', host = 'a'): number =>
    rows.filter((row) => row.host === host).reduce((greatest, row) => Math.max(greatest, row[of]), 0);
  const beacon = (host: string, peer: string, hours: number, gap: () => number): Session[] =>
    starts(hours, gap).map((start) => ({ host, peer, start, bytes: 1200 }));

  it('tells a minute with half of it as jitter from arrivals by chance', async () => {
    const dice = seededDice(1, 'gaps');
    const jittered = () => MINUTE * (0.5 + dice.fraction());
    const byChance = () => -MINUTE * Math.log(1 - dice.fraction());
    const rows = await evidenceOf([
      ...beacon('a', '203.0.113.1', 8, jittered),
      ...beacon('b', '203.0.113.2', 8, byChance),
    ]);
    expect(most(rows, 'beacon', 'a')).toBeGreaterThan(0.9);
    expect(most(rows, 'beacon', 'b')).toBeLessThan(0.2);
  });

  it('is surer the more gaps there are', async () => {
    const rows = await evidenceOf(beacon('a', '203.0.113.1', 30, () => HOUR));
    const scores = rows.map(({ beacon: score }) => score).filter((score) => score > 0);
    expect(scores[0]).toBeLessThan(0.4);
    expect(Math.max(...scores)).toBeGreaterThan(0.7);
    // No more than the gaps of a day.
    expect(Math.max(...scores)).toBeLessThan(0.75);
  });

  it('halves what is known to others, and leaves out what the host has known for a week, or what is inside', async () => {
    const clock = () => 10 * MINUTE;
    const once = (host: string, days: number): Session => ({
      host,
      peer: '203.0.113.1',
      start: BEGIN - days * DAY,
      bytes: 1,
    });
    const young = most(await evidenceOf(beacon('a', '203.0.113.1', 12, clock)), 'beacon');
    const known = most(await evidenceOf([...beacon('a', '203.0.113.1', 12, clock), once('b', 8)]), 'beacon');
    const recent = most(await evidenceOf([...beacon('a', '203.0.113.1', 12, clock), once('b', 5)]), 'beacon');
    const old = most(await evidenceOf([...beacon('a', '203.0.113.1', 12, clock), once('a', 8)]), 'beacon');
    const inside = most(await evidenceOf([...beacon('a', '10.1.2.3', 12, clock), once('b', 8)]), 'beacon');
    expect([known, recent, old, inside]).toEqual([young / 2, young, 0, 0]);
  });

  it('adds up what is sent to one peer in an hour', async () => {
    const upload = (minutes: number, megabytes: number, peer = '203.0.113.1'): Session => ({
      ...{ host: 'a', peer, start: BEGIN + minutes * MINUTE, bytes: megabytes * 1e6 },
    });
    const within = await evidenceOf([0, 12, 24, 36].map((minutes) => upload(minutes, 50)));
    expect(most(within, 'exfiltration')).toBeCloseTo(Math.log10(200), 12);
    const spread = await evidenceOf([0, 60, 120, 180].map((minutes) => upload(minutes, 50)));
    expect(most(spread, 'exfiltration')).toBeCloseTo(Math.log10(50), 12);
    const twoPeers = await evidenceOf([upload(0, 50), upload(1, 50, '203.0.113.2')]);
    expect(most(twoPeers, 'exfiltration')).toBeCloseTo(Math.log10(50), 12);
    expect(most(await evidenceOf([upload(0, 9)]), 'exfiltration')).toBe(0);
  });

  it('counts the sessions of a pair in a day', async () => {
    const rows = await evidenceOf(beacon('a', '203.0.113.1', 30, () => 5 * MINUTE));
    expect(most(rows, 'strobe')).toBe(288 / 86_400);
  });
});
