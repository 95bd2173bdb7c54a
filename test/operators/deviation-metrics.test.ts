import { expect, it } from 'vitest';
import {
  BEHAVIOUR_FAMILIES,
  BEHAVIOUR_INPUTS,
  CURATED_METRICS,
  DEFAULT_DEVIATION_OPTIONS,
  DEFAULT_TRANSFORMS,
  metricsReadBy,
  SUSPICION_METRICS,
  TRANSFORM_NAMES,
} from '../../src/operators/deviation-metrics.ts';

it('curates 440 columns, without the four counts that others tell', () => {
  expect(new Set(CURATED_METRICS).size).toBe(440);
  expect(CURATED_METRICS.filter((name) => /aged_out_cnt|^(in_)?(tcp|udp|icmp)_cnt/.test(name))).toEqual([]);
  expect(CURATED_METRICS).toContain('in_transport_tcp_ratio_w_8h');
  expect(DEFAULT_TRANSFORMS).toEqual(['z_mad', 'ratio', 'log_ratio']);
  expect(TRANSFORM_NAMES).toHaveLength(7);
  expect(SUSPICION_METRICS).toHaveLength(8);
});

it('looks at 44 behaviours, each of a family', () => {
  expect(new Set(BEHAVIOUR_INPUTS.map(({ metric }) => metric)).size).toBe(44);
  expect(new Set(BEHAVIOUR_INPUTS.map(({ family }) => family))).toEqual(new Set(BEHAVIOUR_FAMILIES));
});

it('reads the baselines of what it publishes, scores and compares, and of nothing else', () => {
  expect(metricsReadBy(DEFAULT_DEVIATION_OPTIONS)).toHaveLength(440 + 16);
  const options = {
    ...DEFAULT_DEVIATION_OPTIONS,
    metrics: [],
    suspicionMetrics: ['tcp_cnt_w_8h'],
    lateralMetrics: ['rst_cnt_w_8h'],
  };
  expect(metricsReadBy(options).filter((name) => /w_8h/.test(name))).toEqual(['tcp_cnt_w_8h', 'rst_cnt_w_8h']);
});
