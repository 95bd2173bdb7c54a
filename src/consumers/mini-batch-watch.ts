/** What a mini-batch spends its time on. lookback: looking up what earlier ones and baselines it is computed with. */
export const TIMED_STAGES = ['plan', 'lookback', 'read', 'advance', 'emit', 'deviate', 'publish'] as const;
export type TimedStage = (typeof TIMED_STAGES)[number];

/** Hears of the way of mini-batches what their outcomes do not tell. */
export interface MiniBatchWatch {
  /** Does the work, and takes down how long it took unless it fails. */
  timed<T>(stage: TimedStage, work: () => Promise<T>): Promise<T>;
  /** Blocks of window state were rebuilt from the lake. */
  rebuilt(stream: { readonly project: string; readonly version: string }, blocks: number): void;
}

export const UNWATCHED: MiniBatchWatch = { timed: (_, work) => work(), rebuilt() {} };
