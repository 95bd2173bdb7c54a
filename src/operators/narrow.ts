/** A column of numbers in as few bytes as they need. Reading one is the same whatever it is. */
export type Numbers = Float64Array | Uint32Array | Uint16Array | Uint8Array;

const KINDS = [
  { most: 0xff, array: Uint8Array },
  { most: 0xffff, array: Uint16Array },
  { most: 0xffff_ffff, array: Uint32Array },
] as const;
const KINDS_BY_BYTES: Readonly<Record<number, NumbersKind>> = {
  1: Uint8Array,
  2: Uint16Array,
  4: Uint32Array,
  8: Float64Array,
};

export type NumbersKind = typeof Float64Array | typeof Uint32Array | typeof Uint16Array | typeof Uint8Array;

/** What holds whole numbers from 0 to `most`, which is below 2^32. */
export const narrowKindOf = (most: number): NumbersKind => KINDS.find((kind) => most <= kind.most)!.array;

/** What holds all that two columns, or a kind and a column, hold. */
export const widerKindOf = (one: NumbersKind | Numbers, other: Numbers): NumbersKind =>
  KINDS_BY_BYTES[Math.max(one.BYTES_PER_ELEMENT, other.BYTES_PER_ELEMENT)]!;

/** The same numbers, in bytes or words where all are whole and small enough. Most counts are. */
export function narrowed(values: Numbers): Numbers {
  let most = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!(value >= 0 && value <= 0xffff_ffff) || value !== Math.floor(value)) return values;
    if (value > most) most = value;
  }
  const array = narrowKindOf(most);
  return values.BYTES_PER_ELEMENT <= array.BYTES_PER_ELEMENT ? values : new array(values);
}

/** Instants as numbers after an origin; 0 stands for none. */
export interface NarrowTimes {
  readonly origin: number;
  readonly after: Numbers;
}
export type Times = Float64Array | NarrowTimes;

/** The same instants (ms, NaN for none) in half the bytes, where all lie within seven weeks of each other. */
export function narrowedTimes(times: Times): Times {
  if ('origin' in times) return times;
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < times.length; i++) {
    const time = times[i]!;
    if (Number.isNaN(time)) continue;
    if (!Number.isInteger(time)) return times;
    if (time < least) least = time;
    if (time > most) most = time;
  }
  if (most < least) return { origin: 0, after: new Uint8Array(times.length) };
  const origin = least - 1;
  if (most - origin > 0xffff_ffff) return times;
  const after = new Uint32Array(times.length);
  for (let i = 0; i < times.length; i++) after[i] = Number.isNaN(times[i]!) ? 0 : times[i]! - origin;
  return { origin, after: narrowed(after) };
}

export function timeAt(times: Times, i: number): number {
  if (!('origin' in times)) return times[i]!;
  return times.after[i] === 0 ? Number.NaN : times.origin + times.after[i]!;
}
