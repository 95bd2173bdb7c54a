import { describe, expect, it } from 'vitest';
import { ALERT_FAMILIES } from '../../../bench/detect/alert-families.ts';
import { alertsOf } from '../../../bench/detect/alerts.ts';
import { calibrate } from '../../../bench/detect/thresholds.ts';
import { track } from './tracks.ts';

const place = (family: (typeof ALERT_FAMILIES)[number]): number => ALERT_FAMILIES.indexOf(family);
const tracks = Array.from({ length: 20 }, (_, n) =>
  track(`h${n}`, 0, { beacon: [n / 100], lateral: [0, n], volume: [8], novelty: [n < 3 ? 7 : 0] }),
);

describe('limits', () => {
  const calibration = calibrate(tracks, ALERT_FAMILIES.length, 40);

  it('keep to the budget, all families together', () => {
    for (const budget of [0, 1, 4, 9, 13, 30, 40]) {
      const { limits, alerts } = calibration(budget);
      expect(alertsOf(tracks, limits).length).toBe(alerts.reduce((a, b) => a + b, 0));
      expect(alertsOf(tracks, limits).length).toBeLessThanOrEqual(budget);
    }
  });

  it('give every family the same number; what one leaves, others get', () => {
    const { limits, alerts, perFamily } = calibration(13);
    // Novelty has three at most, volume is tied: all twenty hosts, or none.
    expect(alerts[place('novelty')]).toBe(3);
    expect(alerts[place('volume')]).toBe(0);
    expect(alerts[place('beacon')]).toBe(5);
    expect(alerts[place('lateral')]).toBe(5);
    expect(perFamily).toBe(5);
    expect(limits[place('lateral')]).toBe(14);
    expect(limits[place('beacon')]).toBe(0.14);
    expect(limits[place('volume')]).toBe(8);
    expect(limits[place('novelty')]).toBe(0);
  });

  it('of no alert lie at the greatest score', () => {
    expect(calibration(0).limits[place('lateral')]).toBe(19);
  });

  it('are not asked for beyond what they were made for', () => {
    expect(() => calibration(41)).toThrow('calibrated for 40');
  });
});
