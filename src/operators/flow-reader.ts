import { ABSENT, type BookContents, createAddressBook } from './address-book.ts';
import { allocateFlows, type FlowColumns, ROWS_PER_CHUNK } from './flow.ts';

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

/** A line longer than this is rejected; memory per file stays bounded whatever the file holds. */
export const MAX_LINE_BYTES = 1 << 20;
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
  readonly chunks: readonly FlowColumns[];
  readonly addresses: BookContents;
  readonly counts: QualityCounts;
  /** Lines that are not blank. */
  readonly lines: number;
  /** Lines that left the fast path; they cost more, nothing else. */
  readonly slowLines: number;
  /** TRAFFIC records, and the union of the slots whose keys they had. */
  readonly trafficRecords: number;
  readonly carried: number;
}

/** Told of every rejected line; `text` is valid only during the call. */
export type OnRejected = (line: number, rule: QualityRule, text: Uint8Array) => void;

export interface FlowReader {
  /** Takes the next bytes of the file; they are not kept. */
  push(chunk: Uint8Array): void;
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
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  const ascii = new TextDecoder('latin1');
  const paths = Object.entries(SLOTS).map(([field, slot]) => ({ slot, path: fieldMapping[field as RecordField] }));
  const slotOfKey = new Map(paths.map(({ path, slot }) => [path[0]!, slot]));
  const isFlat = slotOfKey.size === paths.length && paths.every(({ path }) => path.length === 1);
  const scan = isFlat
    ? createLineScanner(slotOfKey, readers, registers, (bytes, start, end) => ascii.decode(bytes.subarray(start, end)))
    : () => -1;

  const counts = noCounts();
  const chunks: FlowColumns[] = [];
  const sink = { flows: allocateFlows(ROWS_PER_CHUNK, options.readsSourcePort), used: 0 };
  let lineNumber = 0;
  let lines = 0;
  let slowLines = 0;
  let trafficRecords = 0;
  let carried = 0;
  let carry = new Uint8Array(0);
  let isSkipping = false;

  const reject = (rule: QualityRule, text: Uint8Array): void => {
    counts[rule]++;
    onRejected(lineNumber, rule, text);
  };

  const parse = (bytes: Uint8Array, start: number, end: number): boolean => {
    slowLines++;
    let record: unknown;
    try {
      record = JSON.parse(utf8.decode(bytes.subarray(start, end)));
    } catch {
      return false;
    }
    if (typeof record !== 'object' || record === null || Array.isArray(record)) return false;
    clear(registers);
    for (const { path, slot } of paths) {
      const value = valueAt(record, path);
      if (value !== undefined) setValue(registers, readers, slot, value);
    }
    return true;
  };

  /** Reads the line at `start` and returns the place of the line feed that ends it. The byte at `limit` is one. */
  const readLine = (bytes: Uint8Array, view: DataView, start: number, limit: number): number => {
    lineNumber++;
    const scannedTo = scan(bytes, view, start, limit);
    const end = scannedTo >= 0 ? scannedTo : bytes.indexOf(LINE_FEED, start);
    if (scannedTo < 0 && isBlank(bytes, start, end)) return end;
    lines++;
    if (end - start > MAX_LINE_BYTES) reject('line_too_long', bytes.subarray(start, start + MAX_LINE_BYTES));
    else if (scannedTo < 0 && !parse(bytes, start, end)) reject('malformed_json', bytes.subarray(start, end));
    else admitRecord(bytes, start, end);
    return end;
  };

  const admitRecord = (bytes: Uint8Array, start: number, end: number): void => {
    if (!quality.dropMalformedIp) keepAbsentAddresses();
    if (sink.used === ROWS_PER_CHUNK) {
      chunks.push(sink.flows);
      sink.flows = allocateFlows(ROWS_PER_CHUNK, options.readsSourcePort);
      sink.used = 0;
    }
    const rule = admit(registers, quality, counts, sink);
    if (rule === 'malformed_ip' || rule === 'null_bytes_ports') reject(rule, bytes.subarray(start, end));
    else if (rule !== undefined) {
      counts[rule]++;
      return;
    }
    if (registers.values[SLOTS.event_name] !== NAME.threat) {
      trafficRecords++;
      carried |= registers.carried;
    }
  };

  const keepAbsentAddresses = (): void => {
    for (const slot of [SLOTS.source_ip, SLOTS.destination_ip]) {
      if (registers.values[slot] === ABSENT) registers.values[slot] = addresses.idOfText('');
    }
  };

  const keep = (bytes: Uint8Array): void => {
    if (isSkipping) return;
    if (carry.length + bytes.length <= MAX_LINE_BYTES) {
      const joined = new Uint8Array(carry.length + bytes.length);
      joined.set(carry);
      joined.set(bytes, carry.length);
      carry = joined;
      return;
    }
    lineNumber++;
    lines++;
    reject('line_too_long', carry.length > 0 ? carry : bytes);
    carry = new Uint8Array(0);
    isSkipping = true;
  };

  /** Ends the line that began in an earlier chunk; `end` is the place of its line feed in this one. */
  const endCarried = (bytes: Uint8Array, end: number): void => {
    keep(bytes.subarray(0, end));
    if (isSkipping) {
      isSkipping = false;
      return;
    }
    const line = new Uint8Array(carry.length + 1);
    line.set(carry);
    line[carry.length] = LINE_FEED;
    carry = new Uint8Array(0);
    readLine(line, viewOf(line), lineNumber === 0 ? markLength(line) : 0, line.length - 1);
  };

  return {
    push(given) {
      // A Buffer is another shape of object: the scanner is compiled for one shape only.
      const chunk = new Uint8Array(given.buffer, given.byteOffset, given.length);
      let start = 0;
      if (carry.length > 0 || isSkipping) {
        const end = chunk.indexOf(LINE_FEED);
        if (end < 0) {
          keep(chunk);
          return;
        }
        endCarried(chunk, end);
        start = end + 1;
      } else if (lineNumber === 0) {
        start = markLength(chunk);
      }
      const limit = chunk.lastIndexOf(LINE_FEED);
      const view = viewOf(chunk);
      while (start <= limit) start = readLine(chunk, view, start, limit) + 1;
      if (start < chunk.length) keep(chunk.subarray(start));
    },
    finish() {
      if (carry.length > 0) endCarried(new Uint8Array([LINE_FEED]), 0);
      if (sink.used > 0) chunks.push(prefixOf(sink.flows, sink.used));
      return {
        chunks,
        addresses: addresses.contents(),
        counts,
        lines,
        slowLines,
        trafficRecords,
        carried,
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

/** The first rows of a chunk, without copying. */
function prefixOf(flows: FlowColumns, length: number): FlowColumns {
  const cut = <A extends Uint32Array | Int32Array | Float64Array>(column: A): A => column.subarray(0, length) as A;
  return {
    length,
    source: cut(flows.source),
    destination: cut(flows.destination),
    sourcePort: cut(flows.sourcePort),
    destinationPort: cut(flows.destinationPort),
    sourceBytes: cut(flows.sourceBytes),
    destinationBytes: cut(flows.destinationBytes),
    start: cut(flows.start),
    end: cut(flows.end),
    repeat: cut(flows.repeat),
    flags: cut(flows.flags),
  };
}
