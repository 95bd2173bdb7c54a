/** What goes wrong with a request. Plain data, so that it can be sent to a server in another process. */
export type S3Fault =
  /** Refused before anything is done, as `{ status: 503, code: 'SlowDown' }`. */
  | { readonly is: 'refused'; readonly status: number; readonly code: string }
  /** Done, but the connection is closed before the answer. */
  | { readonly is: 'unanswered' }
  /** The body of the answer breaks off; the connection is closed. */
  | { readonly is: 'cut'; readonly afterBytes: number }
  /** The body of the answer stops; the connection stays. */
  | { readonly is: 'stalled'; readonly afterBytes: number }
  /** The body of the answer trickles. */
  | { readonly is: 'slow'; readonly chunkBytes: number; readonly pauseMs: number }
  /** The last byte of the answer's body is another one. */
  | { readonly is: 'garbled' }
  /** Begun only after a while. */
  | { readonly is: 'delayed'; readonly ms: number };

export interface S3FaultRule {
  readonly fault: S3Fault;
  /** Names such as GetObject; absent: all. */
  readonly operations?: readonly string[];
  /** Only keys that hold this text. */
  readonly keyHolds?: string;
  /** Chance of each request, 0..1; absent: 1. */
  readonly share?: number;
  /** How often at most; absent: without end. */
  readonly times?: number;
  /** From the moment when it is set on; absent: without end. */
  readonly forMs?: number;
}

export interface S3FaultPlan {
  readonly rules: readonly S3FaultRule[];
  /** The same seed gives the same choices for the same requests in the same order. */
  readonly seed?: number;
}

/** The fault of a request, if any: of the first rule that applies to it and whose chance has it. */
export type ChooseFault = (operation: string, key: string) => S3Fault | undefined;

export function faultChooser({ rules, seed = 1 }: S3FaultPlan, nowMs: () => number): ChooseFault {
  const begun = nowMs();
  const dice = diceOf(seed);
  const left = rules.map(({ times }) => times ?? Number.POSITIVE_INFINITY);
  return (operation, key) => {
    for (const [i, { fault, operations, keyHolds, share = 1, forMs = Number.POSITIVE_INFINITY }] of rules.entries()) {
      if (left[i]! <= 0 || nowMs() - begun > forMs) continue;
      if (operations !== undefined && !operations.includes(operation)) continue;
      if (keyHolds !== undefined && !key.includes(keyHolds)) continue;
      if (share < 1 && dice() >= share) continue;
      left[i]!--;
      return fault;
    }
    return undefined;
  };
}

/** Numbers in [0, 1): mulberry32. */
function diceOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
