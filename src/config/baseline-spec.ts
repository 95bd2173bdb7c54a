import type { Horizon } from '../operators/baseline-metrics.ts';
import type { DeviationOptions } from '../operators/deviation-metrics.ts';

/** What a row of a baseline is keyed by; `host_ip` always, in the segment table `segment_id` stands in its place. */
export type JoinKey = 'host_ip' | 'window_label' | 'segment_id' | 'time_band';

/** What the baselines job needs to know of a project's specs. Plain data: it is posted to worker threads. */
export interface BaselineSpec {
  /** Horizons that are made where the call names none. */
  readonly horizons: readonly Horizon[];
  /** Days between the end of the history and the reference instant. */
  readonly headDays: Readonly<Record<Horizon, number>>;
  /** Sorted as in {@link JoinKey}; host_ip first. */
  readonly joinKeys: readonly JoinKey[];
  /** Rows with a value that make a metric warm. */
  readonly supportMin: { readonly default: number; readonly byMetric: Readonly<Record<string, number>> };
  /** UTC days on which a host with full history was seen. */
  readonly supportMinDays: Readonly<Record<Horizon, number>>;
  /** Columns, in the order of FG-A's features. */
  readonly metrics: readonly string[];
  readonly requiredMetrics: readonly string[];
  readonly capping: {
    readonly keyMetrics: readonly string[];
    readonly zMax: number;
    readonly wAnom: number;
  };
  /** A segment group of more rows is sampled. */
  readonly maxGroupRows: number;
  readonly pairCounts: { readonly enabled: boolean; readonly rarityThreshold: number };
  /** 0..1: share of the history's slice ends that may lack a commit. */
  readonly maxMissingRatio: number;
  /** Lower case, each once. */
  readonly nonPersistentPrefixes: readonly string[];
  /** `lookback30d.min_days`: younger rows have no value of the metrics that look back. */
  readonly minDays: number;
  /** null: the project has no names of machines. */
  readonly inventory: InventorySpec | null;
}

/** Where the names of machines lie. */
export interface InventorySpec {
  /** Key of project_parameters that holds the pointer. */
  readonly pointerKey: string;
  /** Where the snapshot lies, as the pointer says; null: the spec asks for names, and the pointer is missing. */
  readonly pointer: string | null;
  readonly ipColumn: string;
  readonly nameColumn: string;
  readonly contractVersion: string;
}

/** What FG-C needs to know of a project's specs; operators read the part that is {@link DeviationOptions}. */
export interface DeviationSpec extends DeviationOptions {
  /** Horizons that are published. */
  readonly horizons: readonly Horizon[];
  /** `auto`: skipped until the project has its first publication, required after. */
  readonly require: 'auto' | boolean;
  /** How long after its reference instant a publication takes effect. */
  readonly effectDelayMs: number;
  /** Baselines are keyed by the row's time band too. */
  readonly timeBandJoin: boolean;
}
