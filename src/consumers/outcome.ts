/** What became of one mini-batch. Expected endings are values; what is thrown is a surprise, and may be tried again. */
export type MiniBatchOutcome = CommittedOutcome | SkippedOutcome | PoisonOutcome;

/** Another run committed the mini-batch, or changed what its windows cover, while this one computed: begin again. */
export class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

export interface CommittedOutcome {
  /** `unchanged`: it was computed again and gave what is committed already. */
  readonly is: 'committed' | 'unchanged';
  readonly miniBatchId: string;
  /** ms UTC. */
  readonly sliceEnd: number;
  readonly revision: number;
  /** Lines read, blank ones left out. */
  readonly lines: number;
  readonly rejected: number;
  /** What the rules of data quality met, as the manifest says it; of `unchanged` as this run met it. */
  readonly dq: Readonly<Record<string, number>>;
  /** Dataset → rows, of all horizons together. */
  readonly rows: Readonly<Record<string, number>>;
  /** Publications that its deviations are from, as the manifest names them; none: it has no deviations. */
  readonly baselines: readonly string[];
  /** Reason → what of its deviations fell back on a coarser baseline. */
  readonly fallbacks: Readonly<Record<string, number>>;
  /** Bytes of its raw files, as delivered; data files that its commit names, none where it is unchanged, and their bytes. */
  readonly volume: { readonly rawBytes: number; readonly files: number; readonly bytes: number };
  /** As its rows say it: the share of the last day's slices that are committed, and whether to trust the data less. */
  readonly health: { readonly coverage: number; readonly isDegraded: boolean };
  /** Mini-batches after it whose windows it changed: they are to be published again. */
  readonly affects: readonly string[];
  /** How far it lay behind the newest slice, if it affects any. */
  readonly lateMs: number;
  readonly warnings: readonly string[];
}

export interface SkippedOutcome {
  readonly is: 'skipped';
  readonly miniBatchId: string;
  readonly sliceEnd: number;
  readonly revision: number;
  readonly why:
    | 'its committed revision was computed from the same inputs'
    | 'only its windows changed since, for which it is published again by itself';
}

export interface PoisonOutcome {
  readonly is: 'poison';
  readonly miniBatchId: string;
  /** System, fault, values, place, remedy. */
  readonly why: string;
  /** Where notification and error were put; null where that was not possible. */
  readonly quarantined: string | null;
  /** What the rules of data quality met, where it came to be read. */
  readonly dq?: Readonly<Record<string, number>>;
}
