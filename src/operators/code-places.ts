/** Gives codes (whole numbers from 0 below 2^53) places 0, 1, 2, … in the order of their first coming. Reusable scratch. */
export interface CodePlaces {
  readonly count: () => number;
  /** Code at a place. */
  readonly codeAt: (place: number) => number;
  /** Place of a code, a new one if it has none. */
  readonly place: (code: number) => number;
  /** Place of a code; -1 if it has none. */
  readonly find: (code: number) => number;
  readonly clear: () => void;
}

const EMPTY = -1;

export function createCodePlaces(): CodePlaces {
  let codes = new Float64Array(1024);
  let slotOf = new Int32Array(1024);
  let slots = new Int32Array(4096).fill(EMPTY);
  let count = 0;

  const hash = (code: number): number => {
    const low = code >>> 0;
    const high = (code / 4_294_967_296) >>> 0;
    const mixed = Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1);
    return (mixed ^ (mixed >>> 15)) & (slots.length - 1);
  };

  /** Where a code is, or would be. */
  const seek = (code: number): number => {
    let slot = hash(code);
    for (let place = slots[slot]!; place !== EMPTY; place = slots[slot]!) {
      if (codes[place] === code) return slot;
      slot = (slot + 1) & (slots.length - 1);
    }
    return slot;
  };

  const widen = (): void => {
    const wider = new Float64Array(codes.length * 2);
    wider.set(codes);
    codes = wider;
    slotOf = new Int32Array(codes.length);
    slots = new Int32Array(slots.length * 2).fill(EMPTY);
    for (let place = 0; place < count; place++) {
      const slot = seek(codes[place]!);
      slots[slot] = place;
      slotOf[place] = slot;
    }
  };

  return {
    count: () => count,
    codeAt: (place) => codes[place]!,
    place(code) {
      let slot = seek(code);
      const known = slots[slot]!;
      if (known !== EMPTY) return known;
      if (count === codes.length) {
        widen();
        slot = seek(code);
      }
      codes[count] = code;
      slotOf[count] = slot;
      slots[slot] = count;
      return count++;
    },
    find: (code) => slots[seek(code)]!,
    clear() {
      for (let place = 0; place < count; place++) slots[slotOf[place]!] = EMPTY;
      count = 0;
    },
  };
}
