import { type RecordField, type Registers, SLOT_COUNT, SLOT_KINDS, SLOTS } from './record.ts';

/** A field whose values are written, in so many records of a file, in no form that is read. */
export interface UnreadableValues {
  readonly field: RecordField;
  readonly records: number;
  /** The first of them: its line from 1, and how its value is written. */
  readonly line: number;
  readonly form: string;
}

const FIELD_OF = Object.entries(SLOTS).sort(([, a], [, b]) => a - b) as [RecordField, number][];
/** Bits of the slots that hold a measure: NaN is null there. */
const MEASURES = SLOT_KINDS.reduce(
  (bits, kind, slot) => (kind === 'number' || kind === 'time' ? bits | (1 << slot) : bits),
  0,
);

/** What of the numbers and times of TRAFFIC records could be read. */
export interface ReadableTally {
  add(registers: Registers): void;
  /** Takes a record that has values which cannot be read. `written` gives a field of it as it was written. */
  addUnreadable(slots: number, line: number, written: (slot: number) => unknown): void;
  /** The slots that held a value in some record. */
  held(): number;
  unreadable(): UnreadableValues[];
}

export function createReadableTally(): ReadableTally {
  const records = new Array<number>(SLOT_COUNT).fill(0);
  const firsts: { readonly line: number; readonly form: string }[] = [];
  let held = 0;
  return {
    add(registers) {
      // After a few records all that a log has was held once.
      if ((registers.carried & MEASURES & ~held) !== 0) held |= heldBy(registers);
    },
    addUnreadable(slots, line, written) {
      for (let bits = slots; bits !== 0; bits &= bits - 1) {
        const slot = 31 - Math.clz32(bits & -bits);
        if (records[slot]!++ === 0) firsts[slot] = { line, form: formOf(written(slot)) };
      }
    },
    held: () => held,
    unreadable: () =>
      FIELD_OF.flatMap(([field, slot]) => {
        const first = firsts[slot];
        return first === undefined ? [] : [{ field, records: records[slot]!, ...first }];
      }),
  };
}

function heldBy({ values }: Registers): number {
  let bits = 0;
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    if ((MEASURES & (1 << slot)) !== 0 && !Number.isNaN(values[slot])) bits |= 1 << slot;
  }
  return bits;
}

const MOST_SHOWN = 40;

/** How a value is written, without what it says: `28/11/2026` is `"99/99/9999"`, `200 B` is `"999 a"`. */
function formOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value !== 'string')
    return typeof value === 'number' ? 'a number beyond all that are read' : `a ${kindOf(value)}`;
  const form = value.slice(0, MOST_SHOWN).replace(/\p{N}/gu, '9').replace(/\p{L}/gu, 'a').toWellFormed();
  return JSON.stringify(value.length > MOST_SHOWN ? `${form}…` : form);
}

const kindOf = (value: unknown): string => (typeof value === 'object' ? 'nested object' : typeof value);
