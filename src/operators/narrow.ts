/** A column of numbers in as few bytes as they need. Reading one is the same whatever it is. */
export type Numbers = Float64Array | Uint32Array | Uint16Array | Uint8Array;

const KINDS = [
  { most: 0xff, array: Uint8Array },
  { most: 0xffff, array: Uint16Array },
  { most: 0xffff_ffff, array: Uint32Array },
] as const;

/** The same numbers, in bytes or words where all are whole and small enough. Most counts are. */
export function narrowed(values: Numbers): Numbers {
  let most = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!(value >= 0 && value <= 0xffff_ffff) || value !== Math.floor(value)) return values;
    if (value > most) most = value;
  }
  const { array } = KINDS.find((kind) => most <= kind.most)!;
  return values.BYTES_PER_ELEMENT <= array.BYTES_PER_ELEMENT ? values : array.from(values as ArrayLike<number>);
}
