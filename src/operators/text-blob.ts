import type { Utf8Vector } from './table.ts';

const ZERO = '0'.charCodeAt(0);
/** Room that every append finds: an IPv4 address, a number, a sign. */
const SLACK = 32;

/** Decimal digits of every octet with a dot behind them, first byte lowest, and how many bytes that is. */
const OCTETS = new Uint32Array(256);
const OCTET_LENGTHS = new Uint8Array(256);
for (let octet = 0; octet < 256; octet++) {
  const text = `${octet}.`;
  for (let i = 0; i < text.length; i++) OCTETS[octet]! |= text.charCodeAt(i) << (8 * i);
  OCTET_LENGTHS[octet] = text.length;
}

/** Gathers texts as UTF-8 side by side, without making strings of them. Its memory serves one column after the other. */
export interface TextBlob {
  /** Appends to the text in the making. */
  addIpv4(value: number): void;
  addText(text: string): void;
  /** A whole number of 0 or more. */
  addNumber(value: number): void;
  addByte(byte: number): void;
  /** Ends the text in the making and returns its place, counted from 0. */
  end(): number;
  /** The texts so far, under codes of the caller's; they are forgotten. */
  take(codes: Int32Array): Utf8Vector;
}

export function createTextBlob(): TextBlob {
  const encoder = new TextEncoder();
  let utf8 = new Uint8Array(1024);
  let view = new DataView(utf8.buffer);
  let starts = new Uint32Array(64);
  let count = 0;
  let at = 0;

  const ensure = (bytes: number): void => {
    if (at + bytes <= utf8.length) return;
    const wider = new Uint8Array((at + bytes) * 2);
    wider.set(utf8);
    utf8 = wider;
    view = new DataView(utf8.buffer);
  };

  const addOctet = (octet: number): void => {
    view.setUint32(at, OCTETS[octet]!, true);
    at += OCTET_LENGTHS[octet]!;
  };

  return {
    addIpv4(value) {
      ensure(SLACK);
      addOctet(value >>> 24);
      addOctet((value >>> 16) & 255);
      addOctet((value >>> 8) & 255);
      addOctet(value & 255);
      at--; // no dot behind the last
    },
    addText(text) {
      ensure(text.length * 3);
      at += encoder.encodeInto(text, utf8.subarray(at)).written;
    },
    addNumber(value) {
      ensure(SLACK);
      let digits = 1;
      for (let rest = Math.floor(value / 10); rest > 0; rest = Math.floor(rest / 10)) digits++;
      let rest = value;
      for (let i = at + digits - 1; i >= at; i--) {
        const tenth = Math.floor(rest / 10);
        utf8[i] = ZERO + rest - tenth * 10;
        rest = tenth;
      }
      at += digits;
    },
    addByte(byte) {
      ensure(SLACK);
      utf8[at++] = byte;
    },
    end() {
      if (count + 2 > starts.length) {
        const wider = new Uint32Array(starts.length * 2);
        wider.set(starts);
        starts = wider;
      }
      starts[++count] = at;
      return count - 1;
    },
    take(codes) {
      const taken = { codes, starts: starts.slice(0, count + 1), utf8: utf8.slice(0, at) };
      count = 0;
      at = 0;
      return taken;
    },
  };
}
