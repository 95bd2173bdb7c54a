/**
 * Bytes that stand alike in many lines, and what they stand for. They are compared four at a time; the last four overlap those
 * before them where their number is no multiple of four.
 */
export interface BytePattern {
  readonly length: number;
  readonly words: Int32Array;
  readonly value: number;
}

/** Fewer bytes make no pattern. */
export const SHORTEST_PATTERN = 4;

/** The pattern of the bytes [start, end), of which there must be SHORTEST_PATTERN. */
export function patternOf(view: DataView, start: number, end: number, value: number): BytePattern {
  const length = end - start;
  const words = Int32Array.from({ length: Math.ceil(length / 4) }, (_, i) =>
    view.getInt32(start + Math.min(i * 4, length - 4), true),
  );
  return { length, words, value };
}

/** Whether the pattern stands at `start`, all of it before `limit`. */
export function matches({ length, words }: BytePattern, view: DataView, start: number, limit: number): boolean {
  if (start + length > limit) return false;
  const last = words.length - 1;
  for (let i = 0, p = start; i < last; i++, p += 4) if (view.getInt32(p, true) !== words[i]) return false;
  return view.getInt32(start + length - 4, true) === words[last];
}
