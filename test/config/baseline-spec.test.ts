import { describe, expect, it } from 'vitest';
import { faultsOf, resolve } from './spec-cases.ts';

describe('specs of baselines', () => {
  it('have the defaults of the contract', () => {
    const { baselines, deviation } = resolve({});
    expect(baselines).toMatchObject({
      horizons: ['7d', '30d'],
      headDays: { '7d': 2, '30d': 7 },
      joinKeys: ['host_ip', 'window_label'],
      supportMin: { default: 50, byMetric: {} },
      supportMinDays: { '7d': 3, '30d': 10 },
      requiredMetrics: ['sessions_cnt_w_15m'],
      capping: { zMax: 6, wAnom: 0.1 },
      maxGroupRows: 2_000_000,
      pairCounts: { enabled: true, rarityThreshold: 0.5 },
      maxMissingRatio: 0.2,
      nonPersistentPrefixes: [],
      minDays: 7,
      inventory: null,
    });
    expect(baselines.metrics).toHaveLength(496);
    expect(baselines.capping.keyMetrics).toEqual(
      [
        ...['sessions_cnt', 'bytes_src_sum', 'bytes_dst_sum', 'deny_ratio', 'peer_ip_nunique'],
        ...['high_risk_port_sessions_cnt', 'max_sessions_per_minute'],
      ].map((name) => `${name}_w_15m`),
    );
    expect(deviation).toMatchObject({
      horizons: ['7d', '30d'],
      require: 'auto',
      effectDelayMs: 6 * 3_600_000,
      segmentMinHosts: 3,
      zMax: 6,
      transforms: ['z_mad', 'ratio', 'log_ratio'],
      exfil: { minBytes: 10_000_000, minBytesOf: 'external_bytes_sent_w_1h' },
      pairCountsEnabled: true,
      timeBandJoin: false,
    });
    expect(deviation.metrics).toHaveLength(440);
  });

  it('take the keys that the older system has', () => {
    const { baselines, deviation, outputs, warnings } = resolve({
      fg_b_builder: {
        horizons: ['30d', '7d'],
        fg_a_layout: 'wide',
        fg_b_output: { s3_prefix: 's3://features/fg_b/host/' },
        safety_gaps: { '7d': { head_days: 1, tail_days: 0 } },
        anomaly_capping: { key_metrics: ['deny_cnt_w_1h'], z_max: 4, w_anom: 0.2 },
        support_min: { default: 20, sessions_cnt_w_15m: 96 },
        support_min_days: 2,
        join_keys: ['window_label', 'time_band', 'host_ip'],
        time_band_values: ['working_hours', 'off_hours'],
        non_persistent_machine_prefixes: ['NP-', 'VDI-'],
      },
      fg_c_builder: {
        fg_b_input: { s3_prefix: 's3://features/fg_b' },
        join_keys: ['host_ip', 'window_label', 'time_band'],
        horizons: ['7d'],
        metrics: ['tcp_cnt_w_15m', 'sessions_cnt_w_15m'],
        transforms: ['diff', 'z_mad'],
        eps: 1e-6,
        z_max: 5,
        baseline_effect_delay: '90m',
        require_baselines: true,
      },
      non_persistent_prefixes: { prefixes: ['vdi-', 'pool'] },
      delta_builder: { enrichment: { vdi_hostname_prefixes: ['desk'] } },
    });
    expect(warnings).toEqual([]);
    expect(baselines).toMatchObject({
      horizons: ['7d', '30d'],
      headDays: { '7d': 1, '30d': 7 },
      joinKeys: ['host_ip', 'window_label', 'time_band'],
      supportMin: { default: 20, byMetric: { sessions_cnt_w_15m: 96 } },
      supportMinDays: { '7d': 2, '30d': 2 },
      capping: { keyMetrics: ['deny_cnt_w_1h'], zMax: 4, wAnom: 0.2 },
      nonPersistentPrefixes: ['desk', 'np-', 'pool', 'vdi-'],
    });
    expect(deviation).toMatchObject({
      horizons: ['7d'],
      transforms: ['diff', 'z_mad'],
      zMax: 5,
      effectDelayMs: 90 * 60_000,
      require: true,
      timeBandJoin: true,
    });
    expect(deviation.metrics).toHaveLength(441);
    expect(deviation.metrics.at(-1)).toBe('tcp_cnt_w_15m');
    expect(outputs.fg_b).toBe('s3://features/fg_b');
  });

  it('change what a mini-batch is computed from only where it reads them', () => {
    const none = resolve({}).digests;
    expect(resolve({ fg_b_builder: { horizons: ['7d'] } }).digests).toEqual(none);
    expect(resolve({ fg_c_builder: { z_max: 5 } }).digests).not.toEqual(none);
    // The pointer moves every month; publications tell what it led to.
    const moved = { ip_machine_mapping_s3_prefix: 's3://bucket/inventory/snapshot_month=2026-03/' };
    expect(resolve({ project_parameters: moved }).digests['project_parameters']).toBe(none['project_parameters']);
  });

  it('say every fault with its path', () => {
    expect(
      faultsOf(() =>
        resolve({
          fg_b_builder: {
            horizons: ['14d'],
            join_keys: ['window_label'],
            safety_gaps: { '7d': { tail_days: 2 } },
            support_min: { sesions_cnt_w_15m: 10 },
          },
        }),
      ),
    ).toEqual([
      'fg_b_builder#v1: horizons[0]: is "14d"; expected one of 7d, 30d; did you mean 7d?',
      'fg_b_builder#v1: safety_gaps.7d.tail_days: is 2; a baseline has the full length of its horizon; leave it out',
      expect.stringMatching(
        /^fg_b_builder#v1: support_min\.sesions_cnt_w_15m: .*no metric of FG-A.*sessions_cnt_w_15m/,
      ),
      'fg_b_builder#v1: join_keys: lacks host_ip, without which no host has a baseline of its own; add it',
    ]);
  });

  it('take an empty list of metrics for none that was named', () => {
    const empty = resolve({ fg_b_builder: { baseline_metrics: [], baseline_required_metrics: [] } }).baselines;
    const { metrics, requiredMetrics } = resolve({}).baselines;
    expect(empty).toMatchObject({ metrics, requiredMetrics });
    expect(requiredMetrics).toEqual(['sessions_cnt_w_15m']);
  });

  it('refuse baselines narrower than what is read of them', () => {
    const faults = faultsOf(() => resolve({ fg_b_builder: { baseline_metrics: ['sessions_cnt_w_15m'] } }));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(
      /^fg_b_builder#v1: baseline_metrics: lacks \S+, .* and \d+ more, which fg_c_builder#v1 and the behaviours read/,
    );
    // Without the four counts that are neither curated nor a behaviour, all is there that is read.
    const { metrics } = resolve({}).baselines;
    const enough = metrics.filter((name) => !/^(in_)?(aged_out|tcp|udp|icmp)_cnt_/.test(name));
    expect(resolve({ fg_b_builder: { baseline_metrics: enough } }).baselines.metrics).toHaveLength(456);
  });

  it('must agree with each other', () => {
    expect(
      faultsOf(() =>
        resolve({
          fg_b_builder: {
            join_keys: ['host_ip'],
            pair_counts: { enabled: false },
            fg_a_input: { s3_prefix: 's3://abc/x' },
          },
          fg_c_builder: { join_keys: ['host_ip', 'window_label'], pair_counts: { enabled: true } },
          fg_a_builder: { fg_a_output: { s3_prefix: 's3://abc/y' } },
        }),
      ),
    ).toEqual([
      'fg_b_builder#v1: fg_a_input.s3_prefix: is s3://abc/x/fg_a, but fg_a_builder#v1: fg_a_output.s3_prefix is s3://abc/y/fg_a; make them the same, or leave this out',
      'fg_c_builder#v1: join_keys: are host_ip, window_label, but fg_b_builder#v1 has host_ip; state them in fg_b_builder alone',
      'fg_c_builder#v1: pair_counts.enabled: is true, but fg_b_builder#v1 makes no pair tables; enable pair_counts there, or switch it off here',
    ]);
    expect(resolve({ fg_b_builder: { pair_counts: { enabled: false } } }).deviation.pairCountsEnabled).toBe(false);
  });

  it('know names of machines where a spec asks for them or a pointer stands', () => {
    expect(resolve({ machine_inventory_unload: { query: { schema: 's', table: 't' } } }).baselines.inventory).toEqual({
      pointerKey: 'ip_machine_mapping_s3_prefix',
      pointer: null,
      ipColumn: 'ip_address',
      nameColumn: 'machine_name',
      contractVersion: 'machine_inventory_mapping.v1',
    });
    const pointed = resolve({
      project_parameters: { names_at: 's3://abc/snapshot_month=2026-03/' },
      fg_b_builder: { ip_machine_mapping: { s3_prefix_key: 'names_at', ip_column: 'ip' } },
    });
    expect(pointed.baselines.inventory).toMatchObject({ pointer: 's3://abc/snapshot_month=2026-03/', ipColumn: 'ip' });
    expect(pointed.warnings).toEqual([]);
  });
});
