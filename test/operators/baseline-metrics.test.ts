import { describe, expect, it } from 'vitest';
import {
  BASELINE_METRICS,
  baselineMetricOf,
  floorOf,
  HORIZON_DAYS,
  kindOf,
  STATISTICS,
  transformed,
  transformedScale,
  transformOf,
  untransformed,
} from '../../src/operators/baseline-metrics.ts';
import { BEHAVIOUR_FEATURES, WINDOW_FEATURES } from '../../src/operators/metrics.ts';

describe('the metrics that have a baseline', () => {
  it('are the 480 of FG-A and its 16 behaviours, each at its place', () => {
    const names = BASELINE_METRICS.map(({ name }) => name);
    expect(names).toEqual([...WINDOW_FEATURES, ...BEHAVIOUR_FEATURES].map(({ name }) => name));
    expect(new Set(names).size).toBe(496);
    expect(BASELINE_METRICS.map(({ place }) => place)).toEqual(names.map((_, place) => place));
    expect(BASELINE_METRICS.filter(({ isBehaviour }) => !isBehaviour).length * STATISTICS.length).toBe(4_320);
    expect(HORIZON_DAYS).toEqual({ '7d': 7, '30d': 30 });
  });

  it('read the lookback where they compare with it', () => {
    const read = BASELINE_METRICS.filter(({ readsLookback }) => readsLookback).map(({ name }) => name);
    expect(read).toHaveLength(72);
    expect(read.every((name) => /_lookback30d_w_|^new_to_project_peer_cnt_w_/.test(name))).toBe(true);
  });

  it('are known by column', () => {
    expect(baselineMetricOf('in_bytes_src_sum_w_8h')).toMatchObject({
      base: 'bytes_src_sum',
      direction: 'inbound',
      window: 'w_8h',
      kind: 'bytes',
      readsLookback: false,
    });
    expect(baselineMetricOf('hour_of_day')).toBeUndefined();
  });

  it.each([
    ['bytes_asymmetry_ratio', 'asymmetry', 1],
    ['peer_ip_entropy', 'entropy', 0.05],
    ['peer_port_top1_bytes_share', 'share', 0.05],
    ['deny_ratio', 'share', 0.05],
    ['new_peer_ratio_lookback30d', 'share', 0.05],
    ['bytes_src_sum', 'bytes', 1_000],
    ['external_bytes_sent', 'bytes', 1_000],
    ['duration_mean', 'seconds', 1],
    ['sessions_cnt', 'count', 1],
    ['has_high_risk_port_activity', 'count', 1],
  ] as const)('%s is of the kind %s with floor %f', (base, kind, floor) => {
    expect(kindOf(base)).toBe(kind);
    expect(floorOf(kind)).toBe(floor);
  });

  it('are bent by kind, and back', () => {
    expect(transformed(Math.E - 1, transformOf('count'))).toBeCloseTo(1, 12);
    expect(transformed(1_000 * (Math.E - 1), transformOf('bytes'))).toBeCloseTo(1, 12);
    expect(transformed(0.3, transformOf('share'))).toBe(0.3);
    expect(transformed(3, transformOf('asymmetry'))).toBe(3);
    expect(
      (['count', 'bytes', 'seconds', 'share', 'asymmetry', 'entropy'] as const).map((kind) => transformOf(kind).floor),
    ).toEqual([0.35, 0.35, 0.35, 0.15, 0.15, 0.35]);
    expect(untransformed(transformed(12_345, transformOf('bytes')), transformOf('bytes'))).toBeCloseTo(12_345, 6);
    expect(transformedScale(0, Math.E ** 1.349 - 1, transformOf('count'))).toBeCloseTo(1, 12);
    expect(transformedScale(4, 4, transformOf('count'))).toBe(0.35);
  });
});
