/** What the parts of a baselines run may take, so that all threads together stay within the setting. */
export interface MemoryPlan {
  /** Rows of FG-A, and of pair counts, that a thread reads at once. */
  readonly featureRows: number;
  readonly pairRows: number;
  /** Bytes that a thread has for measuring. */
  readonly measuringBytes: number;
}

const MB = 2 ** 20;
/** The program itself, and what each thread's engine needs before it holds anything. */
const PROGRAM_MB = 280;
const THREAD_MB = 70;
/** Least that a thread works with. */
const LEAST_MB = 48;
/** A thread that would have less is not started. */
const WORTH_MB = 256;
/** Measured: a row of pair counts on its way to scratch files, garbage included. */
const BYTES_PER_PAIR_ROW = 450;
/** Decoded rows stand beside the file that they come from and the column that is dealt out. */
const SPILL_SHARE = 0.35;
const MEASURING_SHARE = 0.5;
const LEAST_ROWS = 2_000;

/** How much goes together. No result depends on it, but for the last digits of what is summed over bins. */
export interface BaselineSizes {
  /** Rows that a thread reads at once, at most, whatever memory there is. */
  readonly rowsPerRun: number;
  readonly rowsPerBin: number;
  readonly pairsPerBin: number;
  readonly columnsAtOnce: number;
}

export const BASELINE_SIZES: BaselineSizes = {
  rowsPerRun: Number.POSITIVE_INFINITY,
  rowsPerBin: 192 * 1_024,
  pairsPerBin: 500_000,
  columnsAtOnce: 16,
};

export const threadsWithin = (memoryMb: number, threads: number): number =>
  Math.max(1, Math.min(threads, Math.floor(memoryMb / WORTH_MB)));

export function planMemory(
  { rowsPerRun }: BaselineSizes,
  memoryMb: number,
  threads: number,
  columns: number,
): MemoryPlan {
  const bytes = Math.max(LEAST_MB, (memoryMb - PROGRAM_MB - THREAD_MB * threads) / threads) * MB;
  return {
    featureRows: Math.min(rowsPerRun, Math.max(LEAST_ROWS, Math.floor((bytes * SPILL_SHARE) / (columns * 8)))),
    pairRows: Math.min(rowsPerRun, Math.max(LEAST_ROWS, Math.floor((bytes * SPILL_SHARE) / BYTES_PER_PAIR_ROW))),
    measuringBytes: bytes * MEASURING_SHARE,
  };
}

const STATISTICS_BYTES = 9 * 8;
/** Value and weight. */
const SAMPLE_BYTES = 16;

/**
 * Columns that are measured in one go: of each, the values that stand for the whole project are held until all bins are
 * through, and the statistics of every host.
 */
export function columnsWithin(sizes: BaselineSizes, plan: MemoryPlan, projectRows: number, hosts: number): number {
  const each = projectRows * SAMPLE_BYTES + hosts * STATISTICS_BYTES;
  return Math.max(1, Math.min(sizes.columnsAtOnce, Math.floor(plan.measuringBytes / each)));
}

const MOST_BINS = 64;
/** How many bins rows are dealt out to. By their number alone, so that results do not depend on settings. */
export const binsFor = ({ rowsPerBin }: BaselineSizes, rows: number): number =>
  Math.max(1, Math.min(MOST_BINS, Math.ceil(rows / rowsPerBin)));

const MOST_PAIR_BINS = 256;
export const pairBinsFor = ({ pairsPerBin }: BaselineSizes, rows: number): number =>
  Math.max(1, Math.min(MOST_PAIR_BINS, Math.ceil(rows / pairsPerBin)));
