import { describe, expect, it } from 'vitest';
import {
  groupByHost,
  groupByProject,
  groupBySegment,
  hostsPerGroup,
  rowsPerGroup,
  sampleGroups,
  sampleRateOf,
} from '../../src/operators/baseline-rows.ts';
import { binOf } from './bin-rows.ts';

const rows = binOf([
  { host: '10.0.1.2', end: '2026-03-03T08:08:00Z', band: 'working_hours' },
  { host: '10.0.0.9', end: '2026-03-03T08:08:00Z', band: 'working_hours' },
  { host: '10.0.1.2', end: '2026-03-03T20:08:00Z' },
  { host: '10.0.1.1', end: '2026-03-03T20:08:00Z' },
]);

describe('groups of rows', () => {
  it('are in the order of hosts or segments, and hold the rows of each', () => {
    const hosts = groupByHost(rows, false);
    expect(Array.from(hosts.code, (code) => rows.hosts[code])).toEqual(['10.0.0.9', '10.0.1.1', '10.0.1.2']);
    expect([...hosts.order]).toEqual([1, 3, 0, 2]);
    expect([...hosts.ofRow]).toEqual([2, 0, 2, 1]);
    const segments = groupBySegment(rows, false);
    expect(rowsPerGroup(segments)).toEqual([1, 3]);
    expect([...hostsPerGroup(rows, segments)]).toEqual([1, 2]);
    expect(rowsPerGroup(groupByProject(rows, false))).toEqual([4]);
  });

  it('are split by time band where that is a key; a band without rows is none', () => {
    const hosts = groupByHost(rows, true);
    expect(Array.from(hosts.code, (code, g) => [rows.hosts[code], hosts.band![g]])).toEqual([
      ['10.0.0.9', 1],
      ['10.0.1.1', 0],
      ['10.0.1.2', 0],
      ['10.0.1.2', 1],
    ]);
    expect([...groupByProject(rows, true).band!]).toEqual([0, 1]);
  });
});

describe('sampling of groups', () => {
  const many = binOf(
    Array.from({ length: 4_000 }, (_, i) => ({
      host: `10.0.${i % 2}.${i % 40}`,
      end: new Date(Date.UTC(2026, 2, 3) + Math.floor(i / 40) * 900_000).toISOString(),
    })),
  );
  const groups = groupBySegment(many, false);

  it('leaves groups that are small enough alone', () => {
    expect([sampleRateOf(2_000, 2_000), sampleRateOf(2_500, 2_000), sampleRateOf(0, 1)]).toEqual([1, 0.8, 1]);
    expect(sampleGroups(many, groups, [1, 1])).toBe(groups);
  });

  it('keeps about the rate of the others, by host and time alone', () => {
    const sampled = sampleGroups(many, groups, [1, 0.25]);
    expect(rowsPerGroup(sampled)[0]).toBe(2_000);
    expect(rowsPerGroup(sampled)[1]).toBeGreaterThan(400);
    expect(rowsPerGroup(sampled)[1]).toBeLessThan(600);
    const keptOf = (bin: typeof many, kept: typeof groups) =>
      Array.from(kept.order, (row) => `${bin.hosts[bin.host[row]!]}|${bin.sliceEnd[row]}`).sort();
    const alone = binOf(
      Array.from({ length: 4_000 }, (_, i) => i)
        .filter((i) => i % 2 === 1)
        .reverse()
        .map((i) => ({ host: many.hosts[many.host[i]!]!, end: new Date(many.sliceEnd[i]!).toISOString() })),
    );
    const ofAlone = sampleGroups(alone, groupBySegment(alone, false), [0.25]);
    const second = { ...sampled, order: sampled.order.slice(sampled.offsets[1]!) };
    expect(keptOf(alone, ofAlone)).toEqual(keptOf(many, second));
  });

  it('keeps a row whose FNV-1a 32 of host_ip|window_end_ts is below the rate of 2^32', () => {
    // FNV-1a 32 of the text is 0x8a94395d, worked out by another program.
    const one = binOf([{ host: '10.0.1.2', end: '2026-03-03T08:08:00Z' }]);
    const group = groupBySegment(one, false);
    const share = HASH / 2 ** 32;
    expect(rowsPerGroup(sampleGroups(one, group, [share]))).toEqual([0]);
    expect(rowsPerGroup(sampleGroups(one, group, [share + 2 ** -31]))).toEqual([1]);
  });
});

const HASH = 0x8a94395d;
