import { ABSENT, type AddressBook } from './address-book.ts';
import { type CodeBook, createCodeBook } from './code-book.ts';
import { maskOf } from './flow.ts';
import { DECIMAL, instantOfNumber, instantOfText, type ZoneOffset } from './time.ts';

/** The fields of one log record that the product reads, by their place in a record's registers. */
export const SLOTS = {
  source_ip: 0,
  destination_ip: 1,
  source_port: 2,
  destination_port: 3,
  source_bytes: 4,
  destination_bytes: 5,
  event_start: 6,
  event_end: 7,
  event_action: 8,
  event_reason: 9,
  event_name: 10,
  event_subtype: 11,
  network_transport: 12,
  repeat_count: 13,
  duration: 14,
} as const;
export type RecordField = keyof typeof SLOTS;
export const SLOT_COUNT = 15;

export type SlotKind = 'address' | 'number' | 'time' | 'code';
const KIND_OF: Record<RecordField, SlotKind> = {
  source_ip: 'address',
  destination_ip: 'address',
  source_port: 'number',
  destination_port: 'number',
  source_bytes: 'number',
  destination_bytes: 'number',
  event_start: 'time',
  event_end: 'time',
  event_action: 'code',
  event_reason: 'code',
  event_name: 'code',
  event_subtype: 'code',
  network_transport: 'code',
  repeat_count: 'number',
  duration: 'number',
};
/** Kind of each slot, in slot order. */
export const SLOT_KINDS: readonly SlotKind[] = Object.entries(SLOTS)
  .sort(([, a], [, b]) => a - b)
  .map(([field]) => KIND_OF[field as RecordField]);

/**
 * One record after field mapping: addresses as ids (or ABSENT, MALFORMED), numbers and times with NaN for null,
 * enumerated fields as classes with 0 for null. `carried` has the bit of every slot whose key the record has, `unreadable`
 * that of every number and time whose value is written in no form that is read: `""` and null are no value, and not meant.
 */
export interface Registers {
  readonly values: Float64Array;
  carried: number;
  unreadable: number;
}

const EMPTY = new Float64Array(SLOT_COUNT).map((_, slot) =>
  SLOT_KINDS[slot] === 'address' ? ABSENT : SLOT_KINDS[slot] === 'code' ? 0 : Number.NaN,
);

export function createRegisters(): Registers {
  return { values: EMPTY.slice(), carried: 0, unreadable: 0 };
}

export function clear(registers: Registers): void {
  const { values } = registers;
  for (let slot = 0; slot < SLOT_COUNT; slot++) values[slot] = EMPTY[slot]!;
  registers.carried = 0;
  registers.unreadable = 0;
}

/** Classes of event_name and event_subtype; action, reason and transport give flag bits. */
export const NAME = { traffic: 1, threat: 2, other: 3 } as const;
export const SUBTYPE = { start: 1, threat: 2, other: 3 } as const;
export const REASON_DENIES = 1 << 30;

export interface Vocabulary {
  readonly denyActions: readonly string[];
  readonly denyReasons: readonly string[];
  readonly threatSubtypes: readonly string[];
}

/** What turns the raw values of a record into registers. */
export interface FieldReaders {
  readonly addresses: AddressBook;
  readonly zone: ZoneOffset;
  /** By slot; only those of kind `code`. */
  readonly codes: readonly (CodeBook | undefined)[];
}

export function createFieldReaders(addresses: AddressBook, zone: ZoneOffset, vocabulary: Vocabulary): FieldReaders {
  const { denyActions, denyReasons, threatSubtypes } = vocabulary;
  const classify: Partial<Record<RecordField, (text: string) => number>> = {
    event_action: (text) =>
      (text === 'allow' ? maskOf('allow') : 0) |
      (denyActions.includes(text) ? maskOf('deny') : 0) |
      (text === 'alert' ? maskOf('alert') : 0),
    event_reason: (text) =>
      (denyReasons.includes(text) ? REASON_DENIES : 0) |
      (text.startsWith('tcp-rst') ? maskOf('rst') : 0) |
      (text === 'aged-out' ? maskOf('aged_out') : 0),
    event_name: (text) =>
      text === '' ? 0 : text === 'traffic' ? NAME.traffic : text === 'threat' ? NAME.threat : NAME.other,
    event_subtype: (text) =>
      text === ''
        ? 0
        : text === 'start'
          ? SUBTYPE.start
          : threatSubtypes.includes(text)
            ? SUBTYPE.threat
            : SUBTYPE.other,
    network_transport: (text) =>
      text === 'tcp'
        ? maskOf('tcp')
        : text === 'udp'
          ? maskOf('udp')
          : text === 'icmp' || text === 'icmp6' || text === 'ipv6-icmp'
            ? maskOf('icmp')
            : 0,
  };
  const codes: (CodeBook | undefined)[] = new Array(SLOT_COUNT).fill(undefined);
  for (const [field, function_] of Object.entries(classify)) {
    codes[SLOTS[field as RecordField]] = createCodeBook(function_);
  }
  return { addresses, zone, codes };
}

/** A decimal number written as text; NaN if it is none. */
export function numberOfText(text: string): number {
  return DECIMAL.test(text) ? finite(Number(text)) : Number.NaN;
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : Number.NaN;
}

/**
 * Puts a parsed JSON value into a slot. null, and what the slot cannot hold, is null (an address: malformed). An object is
 * never turned into text: it may be nested too deeply for that, or forbid it.
 */
export function setValue(registers: Registers, readers: FieldReaders, slot: number, value: unknown): void {
  registers.carried |= 1 << slot;
  if (value === null) return;
  const { values } = registers;
  switch (SLOT_KINDS[slot]) {
    case 'address':
      // Half a pair of surrogates has no UTF-8: two texts would become one when they are written.
      values[slot] = readers.addresses.idOfText(typeof value === 'string' ? value.toWellFormed() : '');
      break;
    case 'number':
      if (typeof value === 'number') values[slot] = finite(value);
      else if (typeof value === 'string') values[slot] = numberOfText(value);
      if (Number.isNaN(values[slot]) && value !== '') registers.unreadable |= 1 << slot;
      break;
    case 'time':
      if (typeof value === 'number') values[slot] = instantOfNumber(value);
      else if (typeof value === 'string') values[slot] = instantOfText(value, readers.zone);
      if (Number.isNaN(values[slot]) && value !== '') registers.unreadable |= 1 << slot;
      break;
    default:
      values[slot] = readers.codes[slot]!.ofText(typeof value === 'object' ? '{}' : String(value));
  }
}
