import { type BytePattern, matches, patternOf, SHORTEST_PATTERN } from './byte-pattern.ts';
import { clear, type FieldReaders, numberOfText, type Registers, SLOT_KINDS } from './record.ts';
import { daysOf, instantOfNumber, instantOfText } from './time.ts';

/** Fields of a line whose leads are remembered; a log format has a few dozen. */
const MAX_LEADS = 1024;
/** Texts of an enumerated field that are remembered whole; most have fewer. */
const MAX_TEXTS = 8;
const MAX_PATTERN_BYTES = 256;
/** Length of `YYYY-MM-DDTHH:MM:SS.mmmZ`. */
const TIME_BYTES = 24;
const [ADDRESS, NUMBER, TIME, CODE] = [0, 1, 2, 3] as const;
const KIND_NUMBERS = { address: ADDRESS, number: NUMBER, time: TIME, code: CODE } as const;
const KINDS = Uint8Array.from(SLOT_KINDS, (kind) => KIND_NUMBERS[kind]);
const QUOTE = 0x22;
const LINE_FEED = 0x0a;
const MINUS = 0x2d;
const DOT = 0x2e;
/** 1 for the bytes that end the plain part of a JSON string: quote, backslash, control bytes, and all beyond ASCII. */
const STOPS = new Uint8Array(256).map((_, byte) =>
  byte < 0x20 || byte === QUOTE || byte === 0x5c || byte >= 0x80 ? 1 : 0,
);

/**
 * Reads one line of flat JSON into registers without building objects. It accepts only the plain shape of a log line (one
 * object, ASCII text without escapes, numbers of up to 15 digits, no nesting, no key read twice), and returns the place of
 * the line feed that ends it. Every other line gives -1, and is the caller's to give to JSON.parse; on what it accepts, both
 * give the same registers. The byte at `limit` must be a line feed: no loop runs past it, so that a cut line never merges
 * with the next, and none past the end of the line, which ends whatever it cuts.
 */
export type LineScanner = (bytes: Uint8Array, view: DataView, start: number, limit: number) => number;

export function createLineScanner(
  slotOfKey: ReadonlyMap<string, number>,
  readers: FieldReaders,
  registers: Registers,
  textOf: (bytes: Uint8Array, start: number, end: number) => string,
): LineScanner {
  const { addresses, codes, zone } = readers;
  const { values } = registers;
  /**
   * What stands between two values of a line, from the comma (or opening brace) to the place of the next value: written alike
   * in every line of one forwarder. Stands for the slot that the value fills; -1: nobody reads it.
   */
  const leads: (BytePattern | undefined)[] = [];
  /** By slot: quoted texts of an enumerated field, with what they stand for. */
  const texts: BytePattern[][] = SLOT_KINDS.map(() => []);
  /** The number read last. In an array: a variable would be a new object each time. */
  const scanned = new Float64Array(1);
  /** The first twelve bytes of the time read last, `YYYY-MM-DDTH`, the tens of its hours, and what they come to. */
  const memoWords = new Int32Array(3);
  let memoTens = 9;
  const memoInstant = new Float64Array(1);
  let memoDate = -1;
  let memoDays = 0;

  /** Reads comma or brace, key and colon at `start` in any spacing; the place of the value, or -1. Sets `foundSlot`. */
  function scanLead(bytes: Uint8Array, view: DataView, start: number, place: number): number {
    let p = start;
    while (bytes[p] === 0x20) p++;
    if (bytes[p++] !== (place === 0 ? 0x7b : 0x2c)) return -1;
    while (bytes[p] === 0x20) p++;
    if (bytes[p++] !== QUOTE) return -1;
    const close = scanText(bytes, p);
    if (close < 0) return -1;
    const slot = slotOfKey.get(textOf(bytes, p, close)) ?? -1;
    p = close + 1;
    while (bytes[p] === 0x20) p++;
    if (bytes[p++] !== 0x3a) return -1;
    while (bytes[p] === 0x20) p++;
    foundSlot = slot;
    if (place < MAX_LEADS && p - start <= MAX_PATTERN_BYTES) leads[place] = patternOf(view, start, p, slot);
    return p;
  }
  let foundSlot = -1;

  /** Returns the place behind a number, its value in `scanned`; -1 if it is not plain. */
  function scanNumber(bytes: Uint8Array, start: number): number {
    let p = start;
    const negative = bytes[p] === MINUS;
    if (negative) p++;
    const first = p;
    let digit = bytes[p]! - 48;
    let whole = 0;
    while (digit >= 0 && digit <= 9) {
      whole = whole * 10 + digit;
      digit = bytes[++p]! - 48;
    }
    let digits = p - first;
    if (digits === 0 || (digits > 1 && bytes[first] === 48)) return -1;
    let scale = 1;
    if (bytes[p] === DOT) {
      const point = p;
      digit = bytes[++p]! - 48;
      while (digit >= 0 && digit <= 9) {
        whole = whole * 10 + digit;
        scale *= 10;
        digit = bytes[++p]! - 48;
      }
      if (p === point + 1) return -1;
      digits += p - point - 1;
    }
    if (digits > 15 || (bytes[p]! | 0x20) === 0x65) return -1;
    scanned[0] = (negative ? -whole : whole) / scale;
    return p;
  }

  /** Returns the place of the closing quote of a plain string that starts at `start`; -1 if it is not plain. */
  function scanText(bytes: Uint8Array, start: number): number {
    let p = start;
    while (STOPS[bytes[p]!] === 0) p++;
    return bytes[p] === QUOTE ? p : -1;
  }

  function scanAddress(bytes: Uint8Array, start: number, slot: number): number {
    let p = start;
    let value = 0;
    for (let octet = 0; octet < 4; octet++) {
      let digit = bytes[p]! - 48;
      if (digit < 0 || digit > 9) return scanOtherAddress(bytes, start, slot);
      let n = digit;
      digit = bytes[++p]! - 48;
      if (digit >= 0 && digit <= 9) {
        if (n === 0) return scanOtherAddress(bytes, start, slot);
        n = n * 10 + digit;
        digit = bytes[++p]! - 48;
        if (digit >= 0 && digit <= 9) {
          n = n * 10 + digit;
          p++;
          if (n > 255) return scanOtherAddress(bytes, start, slot);
        }
      }
      value = value * 256 + n;
      if (bytes[p] !== (octet < 3 ? DOT : QUOTE)) return scanOtherAddress(bytes, start, slot);
      p++;
    }
    values[slot] = addresses.idOfIpv4(value);
    return p;
  }

  function scanOtherAddress(bytes: Uint8Array, start: number, slot: number): number {
    const close = scanText(bytes, start);
    if (close < 0) return -1;
    values[slot] = addresses.idOfText(textOf(bytes, start, close));
    return close + 1;
  }

  function two(bytes: Uint8Array, p: number): number {
    const high = bytes[p]! - 48;
    const low = bytes[p + 1]! - 48;
    return high >= 0 && high <= 9 && low >= 0 && low <= 9 ? high * 10 + low : -1;
  }

  /** ISO 8601 in UTC, `YYYY-MM-DDTHH:MM:SS[.digits]Z`; NaN if it is written in another way. */
  function isoInstant(bytes: Uint8Array, p: number, close: number): number {
    const length = close - p;
    if (length < 20 || bytes[close - 1] !== 0x5a || bytes[p + 4] !== MINUS || bytes[p + 7] !== MINUS) return Number.NaN;
    if (bytes[p + 10] !== 0x54 || bytes[p + 13] !== 0x3a || bytes[p + 16] !== 0x3a) return Number.NaN;
    const century = two(bytes, p);
    const year = two(bytes, p + 2);
    const month = two(bytes, p + 5);
    const day = two(bytes, p + 8);
    const hour = two(bytes, p + 11);
    const minute = two(bytes, p + 14);
    const second = two(bytes, p + 17);
    if ((century | year | month | day | hour | minute | second) < 0) return Number.NaN;
    if (hour > 23 || minute > 59 || second > 59) return Number.NaN;
    let fraction = 0;
    if (length > 20) {
      if (bytes[p + 19] !== DOT || length < 22) return Number.NaN;
      let weight = 100;
      for (let i = p + 20; i < close - 1; i++) {
        const digit = bytes[i]! - 48;
        if (digit < 0 || digit > 9) return Number.NaN;
        if (weight >= 1) fraction += digit * weight;
        else if (i === p + 23 && digit >= 5) fraction += 1;
        weight = weight > 1 ? weight / 10 : 0;
      }
    }
    const date = ((century * 100 + year) * 100 + month) * 100 + day;
    if (date !== memoDate) {
      memoDays = daysOf(century * 100 + year, month, day);
      memoDate = date;
    }
    return memoDays * 86_400_000 + (hour * 3600 + minute * 60 + second) * 1000 + fraction;
  }

  /** Reads a time of the usual form on the day of the one before it; false if it is another. */
  function scanUsualTime(bytes: Uint8Array, view: DataView, p: number, slot: number): boolean {
    if (view.getInt32(p, true) !== memoWords[0]) return false;
    if (view.getInt32(p + 4, true) !== memoWords[1] || view.getInt32(p + 8, true) !== memoWords[2]) return false;
    const hour = bytes[p + 12]! - 48;
    const minute = two(bytes, p + 14);
    const second = two(bytes, p + 17);
    const tenths = bytes[p + 20]! - 48;
    const rest = two(bytes, p + 21);
    if ((hour | minute | second | tenths | rest) < 0 || hour > 9 || tenths > 9) return false;
    if (memoTens * 10 + hour > 23 || minute > 59 || second > 59) return false;
    if (bytes[p + 13] !== 0x3a || bytes[p + 16] !== 0x3a || bytes[p + 19] !== DOT || bytes[p + 23] !== 0x5a)
      return false;
    values[slot] = memoInstant[0]! + ((hour * 60 + minute) * 60 + second) * 1000 + tenths * 100 + rest;
    return true;
  }

  function scanTime(bytes: Uint8Array, view: DataView, start: number, slot: number, limit: number): number {
    if (start + TIME_BYTES < limit && bytes[start + TIME_BYTES] === QUOTE && scanUsualTime(bytes, view, start, slot))
      return start + TIME_BYTES + 1;
    const close = scanText(bytes, start);
    if (close < 0) return -1;
    const instant = isoInstant(bytes, start, close);
    if (!Number.isNaN(instant)) {
      for (let i = 0; i < 3; i++) memoWords[i] = view.getInt32(start + i * 4, true);
      memoTens = bytes[start + 11]! - 48;
      memoInstant[0] = memoDays * 86_400_000 + memoTens * 36_000_000;
    }
    values[slot] = Number.isNaN(instant) ? otherInstant(bytes, start, close, slot) : instant;
    return close + 1;
  }

  function otherInstant(bytes: Uint8Array, start: number, close: number, slot: number): number {
    const instant = instantOfText(textOf(bytes, start, close), zone);
    if (Number.isNaN(instant) && close > start) registers.unreadable |= 1 << slot;
    return instant;
  }

  function scanQuotedNumber(bytes: Uint8Array, start: number, slot: number): number {
    const close = scanText(bytes, start);
    if (close < 0) return -1;
    const number = numberOfText(textOf(bytes, start, close));
    if (Number.isNaN(number) && close > start) registers.unreadable |= 1 << slot;
    values[slot] = number;
    return close + 1;
  }

  /** Reads the text of an enumerated field, its quotes included, at `start`. */
  function scanCode(bytes: Uint8Array, view: DataView, start: number, slot: number, limit: number): number {
    const known = texts[slot]!;
    for (let i = 0; i < known.length; i++) {
      const text = known[i]!;
      if (!matches(text, view, start, limit)) continue;
      values[slot] = text.value;
      return start + text.length;
    }
    const close = scanText(bytes, start + 1);
    if (close < 0) return -1;
    const code = codes[slot]!.ofBytes(bytes, start + 1, close);
    const length = close + 1 - start;
    if (known.length < MAX_TEXTS && length >= SHORTEST_PATTERN && length <= MAX_PATTERN_BYTES)
      known.push(patternOf(view, start, close + 1, code));
    values[slot] = code;
    return close + 1;
  }

  /** Reads the value at `p` into its slot and returns the place behind it; -1 if it is not plain. */
  function scanInto(bytes: Uint8Array, view: DataView, p: number, slot: number, limit: number): number {
    const kind = KINDS[slot];
    if (bytes[p] === QUOTE) {
      if (kind === CODE) return scanCode(bytes, view, p, slot, limit);
      if (kind === ADDRESS) return scanAddress(bytes, p + 1, slot);
      if (kind === TIME) return scanTime(bytes, view, p + 1, slot, limit);
      return scanQuotedNumber(bytes, p + 1, slot);
    }
    if (isNull(bytes, p)) return p + 4;
    if (kind !== NUMBER && kind !== TIME) return -1;
    const behind = scanNumber(bytes, p);
    if (behind >= 0) values[slot] = kind === TIME ? instantOfNumber(scanned[0]!) : scanned[0]!;
    return behind;
  }

  /** Steps over a value that nobody reads; -1 if it is not plain. */
  function skip(bytes: Uint8Array, p: number): number {
    const byte = bytes[p]!;
    if (byte === QUOTE) {
      const close = scanText(bytes, p + 1);
      return close < 0 ? -1 : close + 1;
    }
    if (byte === MINUS || (byte >= 48 && byte <= 57)) return scanNumber(bytes, p);
    if (isNull(bytes, p) || (byte === 0x74 && bytes[p + 1] === 0x72 && bytes[p + 2] === 0x75 && bytes[p + 3] === 0x65))
      return p + 4;
    const isFalse =
      byte === 0x66 && bytes[p + 1] === 0x61 && bytes[p + 2] === 0x6c && bytes[p + 3] === 0x73 && bytes[p + 4] === 0x65;
    return isFalse ? p + 5 : -1;
  }

  return (bytes, view, start, limit) => {
    clear(registers);
    let carried = 0;
    let p = start;
    for (let place = 0; ; place++) {
      const lead = leads[place];
      let slot: number;
      if (lead !== undefined && matches(lead, view, p, limit)) {
        p += lead.length;
        slot = lead.value;
      } else {
        p = scanLead(bytes, view, p, place);
        if (p < 0) return -1;
        slot = foundSlot;
      }
      if (slot < 0) {
        p = skip(bytes, p);
      } else {
        if ((carried & (1 << slot)) !== 0) return -1;
        carried |= 1 << slot;
        p = scanInto(bytes, view, p, slot, limit);
      }
      if (p < 0) return -1;
      if (bytes[p] === 0x2c) continue;
      while (bytes[p] === 0x20) p++;
      if (bytes[p] === 0x7d) break;
      if (bytes[p] !== 0x2c) return -1;
    }
    p++;
    while (bytes[p] === 0x20 || bytes[p] === 0x0d || bytes[p] === 0x09) p++;
    registers.carried = carried;
    return bytes[p] === LINE_FEED ? p : -1;
  };
}

function isNull(bytes: Uint8Array, p: number): boolean {
  return bytes[p] === 0x6e && bytes[p + 1] === 0x75 && bytes[p + 2] === 0x6c && bytes[p + 3] === 0x6c;
}
