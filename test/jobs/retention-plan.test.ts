import { describe, expect, it } from 'vitest';
import { readSettings } from '../../src/config/read-settings.ts';
import { retentionFaults, retentionsOf } from '../../src/jobs/retention-plan.ts';
import { resolve } from '../config/spec-cases.ts';

const { baselines } = resolve({});

const faultsOf = (overrides: Record<string, unknown>, enabled = true): string[] => {
  const settings = readSettings({ env: {}, overrides });
  return retentionFaults(retentionsOf(settings, { fgA: { enabled } as never, baselines }));
};

describe('retention', () => {
  it('keeps what the specs need by default', () => {
    const days = Object.fromEntries(
      retentionsOf(readSettings({ env: {} }), { fgA: { enabled: true } as never, baselines }).map((one) => [
        one.dataset,
        one.days,
      ]),
    );
    expect(days).toEqual({
      ...{ delta: 45, pair_context: 45, fg_a_pair_context: 45 },
      ...{ pair_counts: 200, fg_a: 200, fg_c: 200 },
    });
    expect(faultsOf({})).toEqual([]);
  });

  it('may not be shorter than the lookback and late mini-batches need', () => {
    expect(faultsOf({ 'retention.pair_context_days': 33 })).toEqual([]);
    expect(faultsOf({ 'retention.pair_context_days': 32, 'retention.delta_days': 20 })).toEqual([
      'retention.delta_days: is 20, but 33 days of delta are read: the 30-day lookback, from midnight on, for mini-batches up to 24 h late (state.late_hours); set retention.delta_days to 33 or more',
      'retention.pair_context_days: is 32, but 33 days of pair_context are read: the 30-day lookback, from midnight on, for mini-batches up to 24 h late (state.late_hours); set retention.pair_context_days to 33 or more',
    ]);
    expect(faultsOf({ 'retention.delta_days': 33, 'state.late_hours': 48 })).toHaveLength(1);
  });

  it('may not be shorter than baselines need', () => {
    expect(faultsOf({ 'retention.fg_a_days': 45 })).toEqual([]);
    expect(faultsOf({ 'retention.fg_a_days': 44, 'retention.pair_counts_days': 10 })).toEqual([
      'retention.pair_counts_days: is 10, but 45 days of pair_counts are read: baselines of 37 days, the gap behind them included; set retention.pair_counts_days to 45 or more',
      'retention.fg_a_days: is 44, but 45 days of fg_a are read: baselines of 37 days, the gap behind them included; set retention.fg_a_days to 45 or more',
    ]);
  });

  it('needs windows alone where FG-A is off', () => {
    expect(faultsOf({ 'retention.pair_context_days': 2 }, false)).toEqual([]);
    expect(faultsOf({ 'retention.pair_context_days': 1 }, false)).toHaveLength(1);
  });
});
