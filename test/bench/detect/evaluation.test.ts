import { describe, expect, it } from 'vitest';
import { ALERT_FAMILIES, type AlertFamily } from '../../../bench/detect/alert-families.ts';
import { ATTACKS, type Attack } from '../../../bench/detect/attacks.ts';
import { evaluate } from '../../../bench/detect/evaluation.ts';
import { bootstrap, median, wilson } from '../../../bench/detect/intervals.ts';
import { averagePrecision, placesOf, type Ranked } from '../../../bench/detect/precision.ts';
import { detectionsOf, unexplained } from '../../../bench/detect/recall.ts';
import { bySeverity, hostDays, severityBy } from '../../../bench/detect/severity.ts';
import { DAYS } from '../../../bench/detect/timeline.ts';
import type { Attacked } from '../../../bench/detect/truth.ts';
import { HOUR, track } from './tracks.ts';

const attackNamed = (word: string): Attack => ATTACKS.find(({ name }) => name.startsWith(word))!;
const family = (name: AlertFamily): number => ALERT_FAMILIES.indexOf(name);

describe('intervals', () => {
  it("are Wilson's", () => {
    const { value, low, high } = wilson(27, 30);
    expect(value).toBe(0.9);
    expect(low).toBeCloseTo(0.7438, 3);
    expect(high).toBeCloseTo(0.9654, 3);
    expect(wilson(0, 30).low).toBe(0);
  });

  it('of draws hold the value, and are the same each time', () => {
    const values = Array.from({ length: 40 }, (_, n) => n);
    const mean = (times: Uint16Array) =>
      values.reduce((sum, value, i) => sum + value * times[i]!, 0) / times.reduce((a, b) => a + b, 0);
    const found = bootstrap(40, 2000, 1, mean);
    expect(found.value).toBe(19.5);
    // Standard error 11.5 / sqrt(40) = 1.8
    expect(found.low).toBeGreaterThan(15);
    expect(found.low).toBeLessThan(17);
    expect(found.high).toBeGreaterThan(22);
    expect(found.high).toBeLessThan(24);
    expect(bootstrap(40, 2000, 1, mean)).toEqual(found);
    expect(median([3, 1, 2, 10])).toBe(2.5);
  });
});

describe('average precision', () => {
  const ranked = (text: string): Ranked[] =>
    text.split(' ').map((word, unit) => ({ place: Number(word.slice(1)), isPositive: word[0] === '+', unit }));

  it('is the mean over positives of the precision at their place', () => {
    expect(averagePrecision(ranked('+0 -1 +2 -3'))).toBeCloseTo((1 + 2 / 3) / 2, 12);
    expect(averagePrecision(ranked('-0 -1'))).toBeNaN();
  });

  it('is not flattered by ties', () => {
    expect(averagePrecision(ranked('+0 -0 -0 -0'))).toBe(0.25);
    expect(averagePrecision(ranked('-0 -0 -0 +0'))).toBe(0.25);
  });

  it('counts what was drawn as often as it was', () => {
    expect(averagePrecision(ranked('-0 +1'), Uint16Array.of(3, 1))).toBe(0.25);
  });

  it('takes places from an order', () => {
    expect(placesOf([5, 7, 5, 9], (a, b) => b - a)).toEqual([2, 1, 2, 0]);
  });
});

describe('attacks', () => {
  const exfiltration: Attacked = { attack: attackNamed('exfil'), host: 'a', start: 10 * HOUR, end: 11 * HOUR };
  const alert = (hours: number, name: AlertFamily, host = 'a') => ({
    host,
    family: family(name),
    opened: hours * HOUR,
  });

  it('are found by alerts that open on their host in their time, or in the hour after', () => {
    const found = (...alerts: ReturnType<typeof alert>[]) => detectionsOf([exfiltration], alerts)[0];
    expect(found(alert(10.5, 'exfiltration'))).toEqual({ named: 30, any: 30 });
    expect(found(alert(10.25, 'beacon'), alert(11.75, 'volume'))).toEqual({ named: 105, any: 15 });
    expect(found(alert(10, 'exfiltration'), alert(12.25, 'exfiltration'))).toEqual({ named: null, any: null });
    expect(found(alert(10.5, 'exfiltration', 'b'))).toEqual({ named: null, any: null });
  });

  it('explain alerts on their host until the day after', () => {
    const alerts = [alert(9, 'beacon'), alert(20, 'beacon'), alert(37, 'beacon'), alert(20, 'beacon', 'b')];
    expect(unexplained([exfiltration], alerts)).toEqual([alerts[0], alerts[2], alerts[3]]);
  });
});

describe('severity', () => {
  it('is how rare a peak is among usual days; other families break ties', () => {
    const usual = hostDays(Array.from({ length: 9 }, (_, n) => track(`h${n}`, 0, { beacon: [n, 0], lateral: [n] })));
    const severity = severityBy(usual);
    const of = (scores: Parameters<typeof track>[2]) => severity(hostDays([track('x', 0, scores)])[0]!);
    expect(of({ beacon: [100] })[0]).toBeCloseTo(1, 12);
    expect(of({ beacon: [100] })[1]).toBeCloseTo(0, 12);
    expect(of({ beacon: [8] })[0]).toBeCloseTo(-Math.log10(2 / 10), 12);
    const both = of({ beacon: [100], lateral: [8] });
    expect([of({ beacon: [100] }), both, of({ beacon: [0] })].sort(bySeverity)[0]).toBe(both);
  });

  it('leaves out days without a row that may alert', () => {
    const bad = track('x', 0, { beacon: [1] });
    for (const own of bad.scores) own.fill(Number.NaN);
    expect(hostDays([bad])).toEqual([]);
  });
});

describe('an office of hand-made scores', () => {
  const hours = 21 * 24;
  const quiet = (seed: number) =>
    Array.from({ length: hours }, (_, row) => ((row * 7919 + seed * 104_729) % 997) / 2000);
  const start = DAYS.week.start + HOUR;
  const hosts = Array.from({ length: 40 }, (_, n) =>
    track(`h${n}`, start, { beacon: quiet(n), exfiltration: quiet(n + 50) }),
  );
  const at = (day: number) => DAYS.live.start + day * 24 * HOUR + 9 * HOUR;
  const attacked = [0, 1, 2].map(
    (n): Attacked => ({
      attack: attackNamed('exfil'),
      host: `h${n}`,
      start: at(n) - HOUR / 2,
      end: at(n) + HOUR / 2,
    }),
  );
  const loud = hosts.map((own, n) => {
    const peak = attacked[n]?.start;
    if (peak === undefined) return own;
    const exfiltration = quiet(n + 50).map((score, row) => (n < 2 && own.ends[row] === at(n) ? 4 : score));
    return track(own.host, start, { beacon: quiet(n), exfiltration });
  });
  const result = evaluate(attacked, loud, hosts, [2, 5]);
  const row = result.budgets[0]!.recall.find(({ attack }) => attack.startsWith('exfil'))!;

  it('tells what was found, how soon, and how much of it by luck', () => {
    expect(row.attacks).toBe(3);
    expect(row.recall.value).toBeCloseTo(2 / 3, 12);
    expect(row.minutes.value).toBe(30);
    expect(row.luck).toBe(0);
  });

  it('tells what a day without attacks costs, and keeps to what limits were fixed for in the week', () => {
    const { calm, thresholds, calmPerDay } = result.budgets[1]!;
    expect(calm?.length).toBe(14);
    expect(thresholds.alerts.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(5 * 7);
    expect(calmPerDay!.value).toBeLessThan(10);
  });

  it('ranks the days of attacked hosts before others', () => {
    const { hostDays: days, precision } = result.precision.find(({ attack }) => attack.startsWith('exfil'))!;
    expect(days).toBe(3);
    expect(precision.value).toBeGreaterThan(0.66);
    expect(precision.value).toBeLessThan(0.75);
  });
});
