import { type AddressList, textOf } from './address-book.ts';
import type { Utf8Vector } from './table.ts';

const SEPARATOR = '.'.charCodeAt(0);
const ZERO = '0'.charCodeAt(0);
/** Room that every append finds: an IPv4 address, a number, a sign. */
const SLACK = 32;

/** Gathers texts as UTF-8 side by side, without making strings of them. */
export interface TextBlob {
  /** Appends to the text in the making. */
  addIpv4(value: number): void;
  addText(text: string): void;
  /** A whole number of 0 or more. */
  addNumber(value: number): void;
  addByte(byte: number): void;
  /** Ends the text in the making and returns its place, counted from 0. */
  end(): number;
  /** The texts so far, under codes of the caller's. */
  vector(codes: Int32Array): Utf8Vector;
}

export function createTextBlob(expectedTexts: number): TextBlob {
  const encoder = new TextEncoder();
  let utf8 = new Uint8Array(expectedTexts * 16 + SLACK);
  let starts = new Uint32Array(expectedTexts + 2);
  let count = 0;
  let at = 0;

  const ensure = (bytes: number): void => {
    if (at + bytes <= utf8.length) return;
    const wider = new Uint8Array((at + bytes) * 2);
    wider.set(utf8);
    utf8 = wider;
  };

  const addNumber = (value: number): void => {
    ensure(SLACK);
    let digits = 1;
    for (let rest = Math.floor(value / 10); rest > 0; rest = Math.floor(rest / 10)) digits++;
    let rest = value;
    for (let i = at + digits - 1; i >= at; i--) {
      utf8[i] = ZERO + (rest % 10);
      rest = Math.floor(rest / 10);
    }
    at += digits;
  };

  const addOctet = (octet: number): void => {
    if (octet >= 100) utf8[at++] = ZERO + ((octet / 100) | 0);
    if (octet >= 10) utf8[at++] = ZERO + (((octet / 10) | 0) % 10);
    utf8[at++] = ZERO + (octet % 10);
  };

  return {
    addIpv4(value) {
      ensure(SLACK);
      addOctet(value >>> 24);
      utf8[at++] = SEPARATOR;
      addOctet((value >>> 16) & 255);
      utf8[at++] = SEPARATOR;
      addOctet((value >>> 8) & 255);
      utf8[at++] = SEPARATOR;
      addOctet(value & 255);
    },
    addText(text) {
      ensure(text.length * 3);
      at += encoder.encodeInto(text, utf8.subarray(at)).written;
    },
    addNumber,
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
    vector: (codes) => ({ codes, starts: starts.slice(0, count + 1), utf8: utf8.slice(0, at) }),
  };
}

/** Addresses given by their ids in a list; each distinct one stands once, in the order of its first row. */
export function addressColumn(list: AddressList, ids: Uint32Array): Utf8Vector {
  const blob = createTextBlob(Math.min(ids.length, list.count));
  const codes = new Int32Array(ids.length);
  const places = new Int32Array(list.count);
  for (let row = 0; row < ids.length; row++) {
    const id = ids[row]!;
    if (places[id] === 0) {
      if (list.isIpv4[id] === 1) blob.addIpv4(list.ipv4[id]!);
      else blob.addText(textOf(list, id));
      places[id] = blob.end() + 1;
    }
    codes[row] = places[id]! - 1;
  }
  return blob.vector(codes);
}

/** A peer and its port as one number; no port (-1) is 0. */
const PORT_KEYS = 65_537;
const BAR = '|'.charCodeAt(0);

/** `peer_ip|peer_port` of every row, nothing behind the bar where the port is NaN; each distinct one stands once. */
export function pairKeyColumn(list: AddressList, peers: Uint32Array, ports: Float64Array): Utf8Vector {
  const blob = createTextBlob(peers.length);
  const codes = new Int32Array(peers.length);
  let size = 16;
  while (size < peers.length * 2) size *= 2;
  const keys = new Float64Array(size).fill(-1);
  const places = new Int32Array(size);
  for (let row = 0; row < peers.length; row++) {
    const peer = peers[row]!;
    const port = ports[row]!;
    const hasPort = !Number.isNaN(port);
    const key = peer * PORT_KEYS + (hasPort ? port + 1 : 0);
    let slot = Math.imul(peer, 0x9e3779b1) ^ Math.imul(key - peer * PORT_KEYS, 0x85ebca6b);
    slot = (slot ^ (slot >>> 15)) & (size - 1);
    while (keys[slot] !== key && keys[slot] !== -1) slot = (slot + 1) & (size - 1);
    if (keys[slot] === -1) {
      if (list.isIpv4[peer] === 1) blob.addIpv4(list.ipv4[peer]!);
      else blob.addText(textOf(list, peer));
      blob.addByte(BAR);
      if (hasPort) blob.addNumber(port);
      keys[slot] = key;
      places[slot] = blob.end();
    }
    codes[row] = places[slot]!;
  }
  return blob.vector(codes);
}
