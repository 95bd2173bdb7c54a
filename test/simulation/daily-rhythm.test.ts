import { expect, it } from 'vitest';
import { busyness } from '../../src/simulation/daily-rhythm.ts';

it.each([
  ['2026-03-02T09:00:00Z', 1],
  ['2026-03-02T09:30:00Z', 1],
  ['2026-03-02T11:30:00Z', 0.825],
  ['2026-03-02T00:00:00Z', 0.05],
  ['2026-03-02T23:30:00Z', 0.055],
  ['2026-03-01T09:00:00Z', 0.08],
  ['2026-02-28T09:00:00Z', 0.08],
  ['2026-02-27T09:00:00Z', 1],
])('at %s the office is %d busy', (iso, expected) => {
  expect(busyness(Date.parse(iso))).toBeCloseTo(expected, 12);
});
