import { describe, expect, it } from 'vitest';
import {
  ALERT_FAMILIES,
  AS_SPECIFIED,
  FAMILY_COLUMNS,
  scoresOf,
  VARIANTS,
} from '../../../bench/detect/alert-families.ts';
import { alertsOf, openings } from '../../../bench/detect/alerts.ts';
import { HOUR, track } from './tracks.ts';

const every = (scores: readonly number[], hours = 1): number[] =>
  openings(
    Float64Array.from(scores, (_, row) => row * hours * HOUR),
    Float64Array.from(scores),
    5,
  ).map((opened) => opened / HOUR);

describe('an alert', () => {
  it('opens above the limit, not at it', () => {
    expect(every([5, 4, 5.1])).toEqual([2]);
  });

  it('stays open while it is above the limit again within 24 hours', () => {
    expect(every([6, 0, 6, 0, 0, 6], 10)).toEqual([0, 50]);
    expect(every([6, 6], 24)).toEqual([0]);
    expect(every([6, 6], 24.25)).toEqual([0, 24.25]);
  });

  it('never opens on a row without a score', () => {
    expect(every([Number.NaN, 6, Number.NaN])).toEqual([1]);
  });

  it('is of one host and one family', () => {
    const tracks = [track('b', 0, { beacon: [0, 9] }), track('a', 0, { beacon: [9], volume: [0, 0, 9] })];
    const limits = ALERT_FAMILIES.map(() => 5);
    const named = alertsOf(tracks, limits).map(({ host, family, opened }) => [
      host,
      ALERT_FAMILIES[family],
      opened / HOUR,
    ]);
    expect(named).toEqual([
      ['a', 'beacon', 0],
      ['b', 'beacon', 1],
      ['a', 'volume', 2],
    ]);
  });
});

describe('families', () => {
  it('hold every behaviour once, by host and by segment, and four rules', () => {
    const columns = FAMILY_COLUMNS.flat();
    expect(ALERT_FAMILIES.length).toBe(FAMILY_COLUMNS.length);
    expect(new Set(columns).size).toBe(columns.length);
    expect(columns.filter((name) => name.startsWith('b_')).length).toBe(44);
    expect(columns.filter((name) => name.startsWith('bs_')).length).toBe(44);
    expect(columns.filter((name) => name.endsWith('_score')).sort()).toEqual([
      'beacon_suspicion_score',
      'exfiltration_suspicion_score',
      'lateral_movement_score',
      'strobe_score',
    ]);
  });

  it('are what a variant keeps of them', () => {
    const words = (sql: string): string[] => sql.match(/\bbs?_\w+/g) ?? [];
    expect(scoresOf(AS_SPECIFIED, 'lake').flatMap(words).length).toBe(88);
    const named = (name: string) => scoresOf(VARIANTS.find((variant) => variant.name.includes(name))!, 'lake');
    expect(named('hour').flatMap(words).length).toBe(44);
    expect(
      named("segment's")
        .flatMap(words)
        .filter((column) => column.startsWith('b_')),
    ).toEqual([]);
    expect(named('new to the project')[ALERT_FAMILIES.indexOf('exfiltration')]).toContain('CASE WHEN');
    for (const variant of VARIANTS) expect(scoresOf(variant, 'lake').length).toBe(ALERT_FAMILIES.length);
  });
});
