import { expect, it } from 'vitest';
import { metricNamed, scaleOf } from '../../src/operators/statistic-rows.ts';
import { violatesTimeBand } from '../../src/operators/time-band.ts';

it.each([
  [5, 9, 1, 5],
  [0, 9, 1, 9],
  [1e-6, 9, 1, 9], // too small to be more than rounding
  [2e-6, 9, 0.05, 0.05],
  [0, 0, 1000, 1000],
  [0, 1e-7, 0.05, 0.05],
  [0.2, 0, 1, 1],
])('a MAD of %f and a range of %f with floor %f make a scale of %f', (mad, iqr, floor, scale) => {
  expect(scaleOf(mad, iqr, floor)).toBe(scale);
});

it('only metrics of FG-A have a baseline', () => {
  expect(metricNamed('in_sessions_cnt_w_8h')).toMatchObject({ base: 'sessions_cnt', direction: 'inbound' });
  expect(() => metricNamed('hour_of_day')).toThrow('no baseline has metric hour_of_day');
});

it.each([
  ['off_hours', 5, 1, true],
  ['off_hours', 4, 1, false],
  ['off_hours', 5, 0.95, false], // 5 % is a habit
  ['off_hours', 5, 0.96, true],
  ['working_hours', 7, 0.04, true],
  ['working_hours', 7, 0.05, false],
] as const)('%s, %i active days, %f of the slices in working hours: %s', (band, days, share, violates) => {
  expect(violatesTimeBand(band, days, share)).toBe(violates);
});
