import { ABSENT, type BookContents, createAddressBook } from './address-book.ts';
import { allocateFlows, type FlowRecords, prefixOf, ROWS_PER_CHUNK } from './flow.ts';
import {
  ALL_NULL,
  addressFault,
  LONGEST_LINE,
  longLineFault,
  NOT_JSON,
  NOT_OBJECT,
  NOT_UTF8,
  PREFIX_BYTES,
} from './line-faults.ts';
import { createLineScanner } from './line-scanner.ts';
import { admit, noCounts, type QualityCounts, type QualityOptions, type QualityRule } from './quality.ts';
import {
  clear,
  createFieldReaders,
  createRegisters,
  NAME,
  type RecordField,
  SLOTS,
  setValue,
  type Vocabulary,
} from './record.ts';
import { zoneOffset } from './time.ts';
import { createReadableTally, type UnreadableValues } from './unreadable-values.ts';

const LINE_FEED = 0x0a;

export interface ReaderOptions {
  /** Canonical field → keys from the record's root to its value. */
  readonly fieldMapping: Readonly<Record<RecordField, readonly string[]>>;
  /** IANA zone of times that name none. */
  readonly timeZone: string;
  readonly vocabulary: Vocabulary;
  readonly quality: QualityOptions;
  /** Whether a role takes the source port for the peer's. */
  readonly readsSourcePort: boolean;
}

/** What one file held. */
export interface FileFlows {
  readonly chunks: readonly FlowRecords[];
  readonly addresses: BookContents;
  readonly counts: QualityCounts;
  /** Lines that are not blank. */
  readonly lines: number;
  /** Lines that left the fast path; they cost more, nothing else. */
  readonly slowLines: number;
  /** TRAFFIC records, and the union of the slots whose keys they had. */
  readonly trafficRecords: number;
  readonly carried: number;
  /** Of those that are numbers or times, the slots that held a value; and what of them could not be read. */
  readonly held: number;
  readonly unreadable: readonly UnreadableValues[];
}

/**
 * Told of every rejected line: its number from 1, the rule, its text (of a line beyond the limit the first PREFIX_BYTES),
 * what is wrong with it and what to do, and its length in bytes. `text` is valid only during the call.
 */
export type OnRejected = (line: number, rule: QualityRule, text: Uint8Array, fault: string, length: number) => void;

export interface FlowReader {
  /** Takes the next bytes of the file; they are not kept. */
  push(chunk: Uint8Array): void;
  /** Lines so far that are not blank. */
  lines(): number;
  finish(): FileFlows;
}

/**
 * Turns the bytes of one JSON Lines file into flows. Well-formed lines take a byte scanner, every other JSON.parse; both
 * give the same flows. A line is bounded by its line feed before it is read, blank lines are passed over, a byte order
 * mark at the start is dropped.
 */
export function createFlowReader(options: ReaderOptions, onRejected: OnRejected): FlowReader {
  const { fieldMapping, quality } = options;
  const addresses = createAddressBook(!quality.dropMalformedIp);
  const readers = createFieldReaders(addresses, zoneOffset(options.timeZone), options.vocabulary);
  const registers = createRegisters();
  // A byte order mark belongs to the file: within it, it is no JSON.
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const ascii = new TextDecoder('latin1');
  const paths = Object.entries(SLOTS).map(([field, slot]) => ({ slot, path: fieldMapping[field as RecordField] }));
  const slotOfKey = new Map(paths.map(({ path, slot }) => [path[0]!, slot]));
  const isFlat = slotOfKey.size === paths.length && paths.every(({ path }) => path.length === 1);
  const scan = isFlat
    ? createLineScanner(slotOfKey, readers, registers, (bytes, start, end) => ascii.decode(bytes.subarray(start, end)))
    : () => -1;

  const counts = noCounts();
  const chunks: FlowRecords[] = [];
  const sink = { flows: allocateFlows(ROWS_PER_CHUNK, options.readsSourcePort), used: 0 };
  let lineNumber = 0;
  let lines = 0;
  let slowLines = 0;
  let trafficRecords = 0;
  let carried = 0;
  const tally = createReadableTally();
  let carry = new Uint8Array(0);
  /** Bytes of the line that is carried, or skipped: then `carry` is its beginning only. */
  let carriedBytes = 0;
  let isSkipping = false;
  let isMarked = false;

  const reject = (rule: QualityRule, text: Uint8Array, fault: string, length = text.length): void => {
    counts[rule]++;
    onRejected(lineNumber, rule, text, fault, length);
  };

  /** Reads a line by JSON.parse; what is wrong with it where it is no record. */
  const parse = (bytes: Uint8Array, start: number, end: number): string | undefined => {
    slowLines++;
    let text: string;
    try {
      text = utf8.decode(bytes.subarray(start, end));
    } catch {
      return NOT_UTF8;
    }
    let record: unknown;
    try {
      record = JSON.parse(text);
    } catch {
      return NOT_JSON;
    }
    if (typeof record !== 'object' || record === null || Array.isArray(record)) return NOT_OBJECT;
    clear(registers);
    for (const { path, slot } of paths) {
      const value = valueAt(record, path);
      if (value !== undefined) setValue(registers, readers, slot, value);
    }
    return undefined;
  };

  /** Reads the line at `start` and returns the place of the line feed that ends it. The byte at `limit` is one. */
  const readLine = (bytes: Uint8Array, view: DataView, start: number, limit: number): number => {
    lineNumber++;
    const scannedTo = scan(bytes, view, start, limit);
    const end = scannedTo >= 0 ? scannedTo : bytes.indexOf(LINE_FEED, start);
    const isLong = end - start > LONGEST_LINE;
    if (scannedTo < 0 && !isLong && isBlank(bytes, start, end)) return end;
    lines++;
    if (isLong) rejectLong(bytes.subarray(start, start + PREFIX_BYTES), end - start);
    else {
      const fault = scannedTo < 0 ? parse(bytes, start, end) : undefined;
      if (fault === undefined) admitRecord(bytes, start, end);
      else reject('malformed_json', bytes.subarray(start, end), fault);
    }
    return end;
  };

  const rejectLong = (text: Uint8Array, length: number): void =>
    reject('line_too_long', text, longLineFault(length), length);

  const admitRecord = (bytes: Uint8Array, start: number, end: number): void => {
    if (!quality.dropMalformedIp) keepAbsentAddresses();
    if (sink.used === ROWS_PER_CHUNK) {
      chunks.push(sink.flows);
      sink.flows = allocateFlows(ROWS_PER_CHUNK, options.readsSourcePort);
      sink.used = 0;
    }
    const rule = admit(registers, quality, counts, sink);
    if (rule === 'malformed_ip') reject(rule, bytes.subarray(start, end), addressFault(registers));
    else if (rule === 'null_bytes_ports') reject(rule, bytes.subarray(start, end), ALL_NULL);
    else if (rule !== undefined) {
      counts[rule]++;
      return;
    }
    if (registers.values[SLOTS.event_name] !== NAME.threat) {
      trafficRecords++;
      carried |= registers.carried;
      tally.add(registers);
      if (registers.unreadable !== 0) addUnreadable(bytes, start, end);
    }
  };

  const addUnreadable = (bytes: Uint8Array, start: number, end: number): void =>
    tally.addUnreadable(registers.unreadable, lineNumber, (slot) => {
      const record = JSON.parse(utf8.decode(bytes.subarray(start, end))) as object;
      return valueAt(record, paths.find((path) => path.slot === slot)!.path);
    });

  const keepAbsentAddresses = (): void => {
    for (const slot of [SLOTS.source_ip, SLOTS.destination_ip]) {
      if (registers.values[slot] === ABSENT) registers.values[slot] = addresses.idOfText('');
    }
  };

  /** Carries the beginning of a line into the next chunk; of one that is too long no more than is told of it. */
  const keep = (bytes: Uint8Array): void => {
    const at = carriedBytes;
    carriedBytes += bytes.length;
    if (isSkipping) return;
    isSkipping = carriedBytes > LONGEST_LINE;
    const kept = isSkipping ? bytes.subarray(0, Math.max(0, PREFIX_BYTES - at)) : bytes;
    carry = withRoom(carry, at, at + kept.length + 1);
    carry.set(kept, at);
  };

  /** Where text begins: a file has one byte order mark at most, which may be all of a chunk. */
  const passMark = (bytes: Uint8Array): number => {
    if (lineNumber > 0 || isMarked) return 0;
    const length = markLength(bytes);
    isMarked = length > 0;
    return length;
  };

  /** Ends the line that began in an earlier chunk; `end` is the place of its line feed in this one. */
  const endCarried = (bytes: Uint8Array, end: number): void => {
    keep(bytes.subarray(0, end));
    const length = carriedBytes;
    carriedBytes = 0;
    if (isSkipping) {
      isSkipping = false;
      lineNumber++;
      lines++;
      rejectLong(carry.subarray(0, PREFIX_BYTES), length);
      return;
    }
    carry[length] = LINE_FEED;
    readLine(carry, viewOf(carry), passMark(carry.subarray(0, length)), length);
  };

  return {
    push(given) {
      // A Buffer is another shape of object: the scanner is compiled for one shape only.
      const chunk = new Uint8Array(given.buffer, given.byteOffset, given.length);
      let start = 0;
      if (carriedBytes > 0) {
        const end = chunk.indexOf(LINE_FEED);
        if (end < 0) {
          keep(chunk);
          return;
        }
        endCarried(chunk, end);
        start = end + 1;
      } else {
        start = passMark(chunk);
      }
      const limit = chunk.lastIndexOf(LINE_FEED);
      const view = viewOf(chunk);
      while (start <= limit) start = readLine(chunk, view, start, limit) + 1;
      if (start < chunk.length) keep(chunk.subarray(start));
    },
    lines: () => lines,
    finish() {
      if (carriedBytes > 0) endCarried(new Uint8Array([LINE_FEED]), 0);
      if (sink.used > 0) chunks.push(prefixOf(sink.flows, sink.used));
      return {
        chunks,
        addresses: addresses.contents(),
        counts,
        lines,
        slowLines,
        trafficRecords,
        carried,
        held: tally.held(),
        unreadable: tally.unreadable(),
      };
    },
  };
}

function valueAt(record: object, path: readonly string[]): unknown {
  const joined = path.length > 1 ? path.join('.') : undefined;
  if (joined !== undefined && Object.hasOwn(record, joined)) return (record as Record<string, unknown>)[joined];
  let value: unknown = record;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength);

/** The buffer, or a larger one with its first `used` bytes. */
function withRoom(buffer: Uint8Array<ArrayBuffer>, used: number, needed: number): Uint8Array<ArrayBuffer> {
  if (needed <= buffer.length) return buffer;
  const larger = new Uint8Array(Math.max(needed, 2 * buffer.length));
  larger.set(buffer.subarray(0, used));
  return larger;
}

function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let p = start; p < end; p++) {
    const byte = bytes[p]!;
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return false;
  }
  return true;
}

function markLength(bytes: Uint8Array): number {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
}
