import type { ListVector, TextVector } from './table.ts';

/**
 * A text column from codes that callers already have, each below `codeCount`. Only the values in use are kept, in the order
 * of their first row. Different codes must stand for different texts.
 */
export function textColumn(
  length: number,
  codeCount: number,
  codeAt: (row: number) => number,
  labelOf: (code: number) => string,
): TextVector {
  const codes = new Int32Array(length);
  const values: string[] = [];
  const places = new Int32Array(codeCount);
  for (let row = 0; row < length; row++) {
    const code = codeAt(row);
    if (places[code] === 0) places[code] = values.push(labelOf(code));
    codes[row] = places[code]! - 1;
  }
  return { codes, values };
}

/** A text column from the text of each row; each distinct one is kept once. */
export function labelColumn(labels: readonly string[]): TextVector {
  const places = new Map<string, number>();
  const codes = Int32Array.from(labels, (label) => {
    const place = places.get(label) ?? places.size;
    places.set(label, place);
    return place;
  });
  return { codes, values: [...places.keys()] };
}

export const constantText = (length: number, value: string): TextVector => ({
  codes: new Int32Array(length),
  values: [value],
});
export const constantNumber = (length: number, value: number): Float64Array => new Float64Array(length).fill(value);

/** A list column from rows of others. */
export function listColumn(
  length: number,
  listAt: (row: number) => { readonly of: ListVector; readonly at: number },
): ListVector {
  const offsets = new Uint32Array(length + 1);
  const values: number[] = [];
  for (let row = 0; row < length; row++) {
    const { of, at } = listAt(row);
    for (let i = of.offsets[at]!; i < of.offsets[at + 1]!; i++) values.push(of.values[i]!);
    offsets[row + 1] = values.length;
  }
  return { offsets, values: Float64Array.from(values) };
}
