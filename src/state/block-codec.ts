import { crc32 } from 'node:zlib';
import { DIRECTIONS } from '../operators/metrics.ts';
import type { SealedRows } from '../operators/sealed-rows.ts';
import type { SliceBlock } from '../operators/windows.ts';
import { compressZstd, decompressZstd } from './zstd-frame.ts';

/** First bytes of a block. Whatever begins otherwise, or cannot be read, is no block: it is rebuilt from the lake. */
const MAGIC = 'NDRB0002';
/** Behind the magic: CRC-32 of all that follows it. A damaged column may well decompress, and then to other numbers. */
const CHECK_END = MAGIC.length + 4;
const KINDS = { u8: Uint8Array, u32: Uint32Array, i32: Int32Array, f64: Float64Array } as const;
type Kind = keyof typeof KINDS;
type Column = Uint8Array | Uint32Array | Int32Array | Float64Array;

interface Section {
  readonly name: string;
  readonly kind: Kind;
  readonly length: number;
  /** Compressed bytes. */
  readonly size: number;
}

interface Header {
  readonly miniBatchId: string;
  readonly sliceEnd: number;
  readonly texts: readonly (readonly [id: number, text: string])[];
  readonly width: number;
  readonly sections: readonly Section[];
}

/** Columns of a block, by name; one list for writing and reading. */
function columnsOf(block: SliceBlock): [string, Column][] {
  const columns: [string, Column][] = [
    ['ipv4', block.addresses.ipv4],
    ['is_ipv4', block.addresses.isIpv4],
  ];
  for (const role of DIRECTIONS) {
    const { hosts, totals, isCapped, pairs } = block.roles[role];
    const named: Record<string, Column> = { hosts, totals, isCapped, ...pairs };
    for (const [name, column] of Object.entries(named)) {
      if (PAIR_COLUMNS.has(name) || !(name in pairs)) columns.push([`${role}.${name}`, column]);
    }
  }
  return columns;
}

const PAIR_COLUMNS: ReadonlySet<string> = new Set([
  'offsets',
  'peer',
  'port',
  'sessions',
  'denied',
  'zeroReply',
  'bytesSent',
  'bytesReceived',
  'lastEvent',
]);

/** Seals a block: magic, checksum, a header, then every column compressed by itself. Same block, same bytes. */
export function encodeBlock(block: SliceBlock): Uint8Array {
  const bodies: Uint8Array[] = [];
  const sections = columnsOf(block).map(([name, column]): Section => {
    const bytes = new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
    const body = compressZstd(bytes);
    bodies.push(body);
    const kind = (Object.keys(KINDS) as Kind[]).find((k) => column instanceof KINDS[k])!;
    return { name, kind, length: column.length, size: body.length };
  });
  const header: Header = {
    miniBatchId: block.miniBatchId,
    sliceEnd: block.sliceEnd,
    texts: [...block.addresses.texts],
    width: block.roles.outbound.width,
    sections,
  };
  const head = Buffer.from(JSON.stringify(header));
  const size = Buffer.alloc(4);
  size.writeUInt32LE(head.length);
  const sealed = Buffer.concat([Buffer.from(MAGIC), Buffer.alloc(4), size, head, ...bodies]);
  sealed.writeUInt32LE(crc32(sealed.subarray(CHECK_END)), MAGIC.length);
  return sealed;
}

/** Opens a sealed block; undefined if the bytes are none of this format, or damaged. */
export function decodeBlock(bytes: Uint8Array): SliceBlock | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (buffer.length < CHECK_END + 4 || buffer.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined;
  if (crc32(buffer.subarray(CHECK_END)) !== buffer.readUInt32LE(MAGIC.length)) return undefined;
  try {
    const headStart = CHECK_END + 4;
    const headEnd = headStart + buffer.readUInt32LE(CHECK_END);
    const header = JSON.parse(buffer.toString('utf8', headStart, headEnd)) as Header;
    const columns = new Map<string, Column>();
    let at = headEnd;
    for (const { name, kind, length, size } of header.sections) {
      const raw = decompressZstd(buffer.subarray(at, at + size), length * KINDS[kind].BYTES_PER_ELEMENT);
      // A copy where the content does not begin at a multiple of the element's size.
      const own = raw.byteOffset % KINDS[kind].BYTES_PER_ELEMENT === 0 ? raw : raw.slice();
      const column = new KINDS[kind](own.buffer as ArrayBuffer, own.byteOffset, length);
      columns.set(name, column);
      at += size;
    }
    return assemble(header, columns);
  } catch {
    return undefined;
  }
}

function assemble(header: Header, columns: ReadonlyMap<string, Column>): SliceBlock {
  const column = <C extends Column>(name: string): C => {
    const found = columns.get(name);
    if (found === undefined) throw new Error(`the block has no column ${name}`);
    return found as C;
  };
  const rows = (role: string): SealedRows => ({
    hosts: column(`${role}.hosts`),
    totals: column(`${role}.totals`),
    width: header.width,
    isCapped: column(`${role}.isCapped`),
    pairs: {
      offsets: column(`${role}.offsets`),
      peer: column(`${role}.peer`),
      port: column(`${role}.port`),
      sessions: column(`${role}.sessions`),
      denied: column(`${role}.denied`),
      zeroReply: column(`${role}.zeroReply`),
      bytesSent: column(`${role}.bytesSent`),
      bytesReceived: column(`${role}.bytesReceived`),
      lastEvent: column(`${role}.lastEvent`),
    },
  });
  const ipv4 = column<Uint32Array>('ipv4');
  return {
    miniBatchId: header.miniBatchId,
    sliceEnd: header.sliceEnd,
    addresses: { count: ipv4.length, ipv4, isIpv4: column('is_ipv4'), texts: new Map(header.texts) },
    roles: { outbound: rows('outbound'), inbound: rows('inbound') },
  };
}
