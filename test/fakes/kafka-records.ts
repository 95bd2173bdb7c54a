/** A record as its producer meant it. */
export interface KafkaRecord {
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

const COUNT_AT = 57;
const ATTRIBUTES_AT = 21;
const MAGIC_AT = 16;

/** Reads the record batches (format 2, not compressed) of a produce request. */
export function readRecords(batches: Buffer): KafkaRecord[] {
  const records: KafkaRecord[] = [];
  for (let at = 0; at < batches.length; ) {
    const length = batches.readInt32BE(at + 8) + 12;
    records.push(...readBatch(batches.subarray(at, at + length)));
    at += length;
  }
  return records;
}

function readBatch(batch: Buffer): KafkaRecord[] {
  const magic = batch.readInt8(MAGIC_AT);
  const compression = batch.readInt16BE(ATTRIBUTES_AT) & 7;
  if (magic !== 2 || compression !== 0)
    throw new Error(`record batch of format ${magic}, compression ${compression}; expected format 2, not compressed`);
  const from = cursor(batch, COUNT_AT + 4);
  return Array.from({ length: batch.readInt32BE(COUNT_AT) }, () => {
    const length = from.varint();
    const end = from.at() + length;
    from.skip(1);
    from.varint();
    from.varint();
    const [key, value] = [from.text(), from.text()];
    const headers = Array.from({ length: from.varint() }, () => [from.text() ?? '', from.text() ?? ''] as const);
    if (from.at() !== end) throw new Error(`a record ends at ${from.at()}, its length says ${end}`);
    return { key, value, headers: Object.fromEntries(headers) };
  });
}

function cursor(bytes: Buffer, from: number) {
  let at = from;
  /** Zigzag, seven bits a byte, the least first. All numbers here are below 2^31. */
  const varint = (): number => {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = bytes.readUInt8(at++);
      value += (byte & 127) * scale;
      if (byte < 128) break;
      scale *= 128;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  };
  return {
    varint,
    at: () => at,
    skip: (count: number) => {
      at += count;
    },
    text: (): string | null => {
      const length = varint();
      if (length < 0) return null;
      at += length;
      return bytes.toString('utf8', at - length, at);
    },
  };
}
