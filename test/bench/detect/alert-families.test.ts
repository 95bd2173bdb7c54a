import { describe, expect, it } from 'vitest';
import { ALERT_FAMILIES, AS_SPECIFIED, scoresOf, VARIANTS, withoutDays } from '../../../bench/detect/alert-families.ts';

const of = (family: (typeof ALERT_FAMILIES)[number], scores: readonly string[]): string =>
  scores[ALERT_FAMILIES.indexOf(family)]!;

describe('scores of families', () => {
  it('are the rule, or the largest behaviour of both baselines and windows', () => {
    const scores = scoresOf(AS_SPECIFIED, 'lake');
    expect(of('strobe', scores)).toBe('strobe_score');
    expect(of('novelty', scores)).toContain('bs_new_to_project_peer_cnt_w_24h');
    expect(of('novelty', scores)).toContain('b_new_pair_cnt_lookback30d_w_1h');
  });

  it('leave windows of a day out while those hold what was caught up', () => {
    for (const variant of [AS_SPECIFIED, ...VARIANTS.filter(({ settles }) => settles)]) {
      const scores = scoresOf(withoutDays(variant), 'lake');
      expect(scores.join(' ')).not.toContain('_w_24h');
      expect(of('novelty', scores)).toContain('b_new_to_project_peer_cnt_w_1h');
    }
    expect(of('strobe', scoresOf(withoutDays(AS_SPECIFIED), 'lake'))).toBe('0');
  });

  it('below a floor are none', () => {
    const scores = scoresOf({ ...AS_SPECIFIED, floors: { lateral: 3 } }, 'lake');
    expect(of('lateral', scores)).toBe('CASE WHEN lateral_movement_score >= 3 THEN lateral_movement_score ELSE 0 END');
    expect(of('strobe', scores)).toBe('strobe_score');
  });

  it('each have a floor in the proposal that combines all', () => {
    const combined = VARIANTS.filter(({ floors }) => floors !== undefined);
    expect(combined).toHaveLength(1);
    for (const score of scoresOf(combined[0]!, 'lake')) expect(score).toMatch(/^CASE WHEN /);
  });
});
