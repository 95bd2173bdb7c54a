import { DAY_MS } from '../operators/time.ts';
import { SPOILS } from './dirty-lines.ts';
import { HALVES, halfOf, NUMBERS, type RecordBatch, WORDS } from './record-batch.ts';
import type { RecordKind } from './record-kinds.ts';
import { addressText, isIpv6 } from './simulated-address.ts';

/** Bytes that the longest line needs, with room to spare. */
const LONGEST_LINE = 1024;
const utf8 = new TextEncoder();
const ascii = new TextDecoder();

/** Text that is written again and again, as words of four bytes; the last one is padded, and written over by what follows. */
interface Piece {
  readonly length: number;
  readonly words: Int32Array;
}

/** The parts of a line that every record of a kind shares. */
interface Pieces {
  readonly head: Piece;
  readonly middle: Piece;
  readonly countsBytes: boolean;
  readonly tail: Piece;
}

const DESTINATION = pieceOf('","destination_ip":"');
const SOURCE_PORT = pieceOf('","source_port":');
const DESTINATION_PORT = pieceOf(',"destination_port":');
const RECEIVED = pieceOf(',"destination_bytes":');
const START = pieceOf(',"event_start":"');
const END = pieceOf('","event_end":"');
const REPEATS = pieceOf('","repeat_count":');
const SESSION = pieceOf(',"session_id":');

/** The three digits of every number below 1000. */
const THREE = Uint8Array.from({ length: 3000 }, (_, i) => {
  const number = Math.floor(i / 3);
  return 48 + (i % 3 === 0 ? Math.floor(number / 100) : i % 3 === 1 ? Math.floor(number / 10) % 10 : number % 10);
});
const DOT = 46;
const COLON = 58;
const ZULU = 90;

export interface LineWriter {
  /** JSON Lines of the rows order[from .. to - 1]. The bytes are valid until the next call. */
  write(batch: RecordBatch, order: Uint32Array, from: number, to: number): Uint8Array<ArrayBuffer>;
}

/**
 * Writes records as lines of canonical JSON. A line is put together from pieces that were made once for its kind: only
 * addresses, numbers and times are written anew. THREAT records carry no bytes.
 */
export function createLineWriter(kinds: readonly RecordKind[]): LineWriter {
  const pieces: Pieces[] = [];
  let out = new Uint8Array(1 << 16);
  let view = new DataView(out.buffer);
  let dayWritten = Number.NaN;
  let date = pieceOf('');

  const dateOf = (day: number): Piece => {
    if (day !== dayWritten) date = pieceOf(new Date(day * DAY_MS).toISOString().slice(0, 11));
    dayWritten = day;
    return date;
  };
  const putTime = (start: number, instant: number): number => {
    const day = Math.floor(instant / DAY_MS);
    const ms = instant - day * DAY_MS;
    return putClock(out, put(view, start, dateOf(day)), ms);
  };

  const putRecord = (start: number, batch: RecordBatch, row: number): number => {
    const { numbers, words, halves } = batch;
    const n = row * 8;
    const w = row * 16;
    const h = row * 32;
    const kind = halves[h + HALVES.kind]!;
    pieces[kind] ??= piecesOf(kinds[kind]!);
    const { head, middle, countsBytes, tail } = pieces[kind];
    let p = put(view, start, head);
    p = putAddress(out, p, words[w + WORDS.source]!);
    p = put(view, p, DESTINATION);
    p = putAddress(out, p, words[w + WORDS.destination]!);
    p = put(view, p, SOURCE_PORT);
    p = putWhole(out, p, halves[h + HALVES.sourcePort]!);
    p = put(view, p, DESTINATION_PORT);
    p = putWhole(out, p, halves[h + HALVES.destinationPort]!);
    p = put(view, p, middle);
    if (countsBytes) {
      p = putWhole(out, p, numbers[n + NUMBERS.sent]!);
      p = put(view, p, RECEIVED);
      p = putWhole(out, p, numbers[n + NUMBERS.received]!);
    }
    p = put(view, p, START);
    p = putTime(p, numbers[n + NUMBERS.start]!);
    p = put(view, p, END);
    p = putTime(p, numbers[n + NUMBERS.end]!);
    p = put(view, p, REPEATS);
    p = putWhole(out, p, halves[h + HALVES.repeats]!);
    p = put(view, p, SESSION);
    p = putWhole(out, p, numbers[n + NUMBERS.session]!);
    return put(view, p, tail);
  };

  return {
    write(batch, order, from, to) {
      let p = 0;
      for (let i = from; i < to; i++) {
        if (p + LONGEST_LINE > out.length) {
          const wider = new Uint8Array(out.length * 2);
          wider.set(out);
          out = wider;
          view = new DataView(out.buffer);
        }
        const row = order[i]!;
        const end = putRecord(p, batch, row);
        const spoil = halfOf(batch, row, 'spoil');
        p = spoil === 0 ? end : putSpoilt(out, p, end, spoil - 1);
      }
      return out.subarray(0, p);
    },
  };
}

function put(view: DataView, start: number, { words, length }: Piece): number {
  for (let i = 0, p = start; i < words.length; i++, p += 4) view.setInt32(p, words[i]!, true);
  return start + length;
}

/** A number below 1000 without leading zeros. */
function putSmall(out: Uint8Array, start: number, value: number): number {
  let p = start;
  if (value >= 100) out[p++] = THREE[value * 3]!;
  if (value >= 10) out[p++] = THREE[value * 3 + 1]!;
  out[p++] = THREE[value * 3 + 2]!;
  return p;
}

function putThree(out: Uint8Array, start: number, value: number): number {
  out[start] = THREE[value * 3]!;
  out[start + 1] = THREE[value * 3 + 1]!;
  out[start + 2] = THREE[value * 3 + 2]!;
  return start + 3;
}

function putTwo(out: Uint8Array, start: number, value: number): number {
  out[start] = THREE[value * 3 + 1]!;
  out[start + 1] = THREE[value * 3 + 2]!;
  return start + 2;
}

function putWhole(out: Uint8Array, start: number, value: number): number {
  if (value < 1000) return putSmall(out, start, value);
  const thousands = Math.floor(value / 1000);
  return putThree(out, putWhole(out, start, thousands), value - thousands * 1000);
}

function putAddress(out: Uint8Array, start: number, address: number): number {
  if (isIpv6(address)) return start + utf8.encodeInto(addressText(address), out.subarray(start)).written;
  let p = putSmall(out, start, address >>> 24);
  out[p++] = DOT;
  p = putSmall(out, p, (address >>> 16) & 255);
  out[p++] = DOT;
  p = putSmall(out, p, (address >>> 8) & 255);
  out[p++] = DOT;
  return putSmall(out, p, address & 255);
}

/** Time of day, `HH:MM:SS.mmmZ`. */
function putClock(out: Uint8Array, start: number, ms: number): number {
  const seconds = Math.floor(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  let p = putTwo(out, start, hours);
  out[p++] = COLON;
  p = putTwo(out, p, minutes - hours * 60);
  out[p++] = COLON;
  p = putTwo(out, p, seconds - minutes * 60);
  out[p++] = DOT;
  p = putThree(out, p, ms - seconds * 1000);
  out[p++] = ZULU;
  return p;
}

/** Writes over the good line in [start, end). */
function putSpoilt(out: Uint8Array, start: number, end: number, spoil: number): number {
  const line = `${SPOILS[spoil]!.spoilt(ascii.decode(out.subarray(start, end - 1)))}\n`;
  return start + utf8.encodeInto(line, out.subarray(start)).written;
}

function pieceOf(text: string): Piece {
  const bytes = utf8.encode(text);
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  padded.set(bytes);
  const view = new DataView(padded.buffer);
  return {
    length: bytes.length,
    words: Int32Array.from({ length: padded.length / 4 }, (_, i) => view.getInt32(i * 4, true)),
  };
}

function piecesOf(kind: RecordKind): Pieces {
  const countsBytes = kind.event === 'TRAFFIC';
  return {
    head: pieceOf(`{"event_name":"${kind.event}","event_subtype":"${kind.subtype}","source_ip":"`),
    middle: pieceOf(
      `,"network_transport":"${kind.transport}","event_action":"${kind.action}","event_reason":"${kind.reason}"` +
        (countsBytes ? ',"source_bytes":' : ''),
    ),
    countsBytes,
    tail: pieceOf(`,"application":"${kind.application}","rule":"${kind.rule}"}\n`),
  };
}
