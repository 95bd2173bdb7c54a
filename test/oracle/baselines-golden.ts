/** The worked example of baselines and deviations: published rows, and what they must become. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { contains, parseAddress, parseNetwork, segmentOf } from './addresses.ts';
import type { BaselineOptions, BaselineRow, Horizon } from './baselines-rows.ts';
import type { PairContextRow } from './beacons.ts';
import { settle } from './parameters.ts';
import type { PairCount } from './rarity.ts';

const FOLDER = join(import.meta.dirname, '..', 'golden', 'baselines');

type Numbers = readonly (number | null)[];

interface Input {
  readonly metrics: readonly string[];
  readonly parameters: {
    readonly support_min: number;
    readonly support_min_days: Readonly<Record<Horizon, number>>;
    readonly min_days: number;
    readonly np_prefixes: readonly string[];
    readonly infra: readonly string[];
    readonly names: Readonly<Record<string, readonly string[]>>;
    readonly refs: readonly string[];
    readonly horizon: Horizon;
  };
  readonly score: readonly string[];
  readonly mini_batches: readonly {
    readonly mini_batch_id: string;
    readonly slice_end_ts: string;
    readonly is_degraded: number;
    readonly fg_a?: Readonly<
      Record<
        string,
        {
          readonly lookback_days: number;
          readonly host_age_days: number;
          readonly time_band: string;
          readonly values: Readonly<Record<string, number>>;
        }
      >
    >;
    readonly pair_counts?: readonly (readonly [string, string, number, number])[];
    readonly active_hosts?: readonly string[];
    readonly pair_context?: readonly (readonly [
      string,
      string,
      number | null,
      number,
      number,
      number,
      number | null,
      readonly number[] | null,
      number,
    ])[];
  }[];
  readonly pair_first_seen: readonly (readonly [string, string, number | null, string])[];
  readonly peer_first_seen: Readonly<Record<string, string>>;
}

/** One publication. Of `host` and `segment` only some are there. */
export interface ExpectedBaseline {
  readonly baseline_start_ts: string;
  readonly baseline_end_ts: string;
  readonly rows_used: number;
  readonly capping_weights: Readonly<Record<string, number>>;
  readonly excused: readonly string[];
  readonly left_out_as_degraded: number;
  readonly hosts_count: Readonly<Record<string, number>>;
  readonly host: Readonly<Record<string, Readonly<Record<string, Numbers>>>>;
  readonly segment: Readonly<Record<string, Readonly<Record<string, Numbers>>>>;
  readonly ip_metadata: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly pair_host: readonly (readonly unknown[])[] | null;
  readonly pair_segment: readonly (readonly unknown[])[] | null;
}

export interface ExpectedExample {
  readonly metrics: readonly string[];
  readonly fg_b: Readonly<Record<string, ExpectedBaseline>>;
  readonly fg_c: Readonly<
    Record<string, { readonly ref: string; readonly rows: Readonly<Record<string, readonly unknown[]>> }>
  >;
  readonly fg_c_columns: readonly string[];
  readonly ulp_sensitive: readonly (readonly string[])[];
}

export interface BaselineExample {
  readonly options: BaselineOptions;
  readonly infrastructure: readonly string[];
  readonly refs: readonly string[];
  readonly rows: readonly BaselineRow[];
  readonly pairCounts: readonly PairCount[];
  readonly pairContext: readonly PairContextRow[];
  readonly miniBatches: readonly {
    readonly id: string;
    readonly sliceEnd: number;
    readonly activeHosts: readonly string[];
  }[];
  readonly scored: readonly string[];
  /** `host|peer|port` → epoch ms. */
  readonly pairFirstSeen: ReadonlyMap<string, number>;
  readonly peerFirstSeen: ReadonlyMap<string, number>;
}

export function readBaselineExample(): BaselineExample {
  const input = JSON.parse(readFileSync(join(FOLDER, 'bc_input.json'), 'utf8')) as Input;
  const { metrics, parameters, mini_batches } = input;
  const miniBatches = mini_batches.map((own) => ({ ...own, sliceEnd: Date.parse(own.slice_end_ts) }));
  return {
    options: {
      horizon: parameters.horizon,
      metrics,
      supportMin: parameters.support_min,
      supportMinDays: parameters.support_min_days[parameters.horizon],
      minDays: parameters.min_days,
      prefixes: parameters.np_prefixes,
      names: parameters.names,
    },
    infrastructure: parameters.infra,
    refs: parameters.refs,
    rows: miniBatches.flatMap(({ mini_batch_id, sliceEnd, is_degraded, fg_a = {} }) =>
      Object.entries(fg_a).map(([host, row]) => ({
        host,
        segment: exampleSegment(host),
        sliceEnd,
        miniBatchId: mini_batch_id,
        timeBand: row.time_band,
        isDegraded: is_degraded === 1,
        lookbackDays: row.lookback_days,
        hostAgeDays: row.host_age_days,
        values: metrics.map((_, place) => row.values[place] ?? 0),
      })),
    ),
    pairCounts: miniBatches.flatMap(({ sliceEnd, mini_batch_id, pair_counts = [] }) =>
      pair_counts.map(([host, dstIp, dstPort, sessions]) => ({
        host,
        segment: exampleSegment(host),
        dstIp,
        dstPort,
        sliceEnd,
        sessions,
        miniBatchId: mini_batch_id,
      })),
    ),
    pairContext: miniBatches.flatMap(({ sliceEnd, mini_batch_id, pair_context = [] }) =>
      pair_context.map(([host, peer, port, sessions, bytesSent, zeroReplies, firstEvent, starts, maxDurationMs]) => ({
        host,
        peer,
        port,
        sliceEnd,
        miniBatchId: mini_batch_id,
        sessions,
        bytesSent,
        zeroReplies,
        firstEvent,
        starts,
        maxDurationMs,
      })),
    ),
    miniBatches: miniBatches.map(({ mini_batch_id: id, sliceEnd, active_hosts: activeHosts = [] }) => ({
      id,
      sliceEnd,
      activeHosts,
    })),
    scored: input.score,
    pairFirstSeen: new Map(
      input.pair_first_seen.map(([host, peer, port, time]) => [`${host}|${peer}|${port ?? ''}`, Date.parse(time)]),
    ),
    peerFirstSeen: new Map(Object.entries(input.peer_first_seen).map(([peer, time]) => [peer, Date.parse(time)])),
  };
}

export const readExpectedExample = (): ExpectedExample =>
  JSON.parse(readFileSync(join(FOLDER, 'bc_expected.json'), 'utf8')) as ExpectedExample;

const SETTINGS = settle({});

export const exampleSegment = (host: string): string => segmentOf(parseAddress(host)!, SETTINGS).name;

export const exampleSegmentOf = (address: string) => {
  const parsed = parseAddress(address);
  return parsed === null ? null : segmentOf(parsed, SETTINGS);
};

export function isInternalInExample(address: string): boolean {
  const parsed = parseAddress(address);
  return parsed !== null && SETTINGS.hostNetworks.some((cidr) => contains(parseNetwork(cidr)!, parsed));
}
