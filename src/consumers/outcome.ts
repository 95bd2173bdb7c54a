/** What became of one mini-batch. Expected endings are values; what is thrown is a surprise, and may be tried again. */
export type MiniBatchOutcome = CommittedOutcome | SkippedOutcome | PoisonOutcome;

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
  /** Dataset → rows. */
  readonly rows: Readonly<Record<string, number>>;
  readonly warnings: readonly string[];
}

export interface SkippedOutcome {
  readonly is: 'skipped';
  readonly miniBatchId: string;
  readonly sliceEnd: number;
  readonly revision: number;
  readonly why: 'its committed revision was computed from the same inputs';
}

export interface PoisonOutcome {
  readonly is: 'poison';
  readonly miniBatchId: string;
  /** System, fault, values, place, remedy. */
  readonly why: string;
  /** Where notification and error were put; null where that was not possible. */
  readonly quarantined: string | null;
}
