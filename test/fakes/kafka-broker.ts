import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type KafkaRecord, readRecords } from './kafka-records.ts';

export interface KafkaBroker {
  /** HOST:PORT */
  readonly address: string;
  /** Records of a topic, by partition. */
  read(topic: string): readonly KafkaRecord[][];
  /** The same, as they came. */
  arrived(topic: string): readonly KafkaRecord[];
  /** The next produce requests are answered with this code of the protocol, and nothing of them is kept. */
  refuse(code: number, times: number): void;
  /** The next produce requests are kept, and their connection ends before the answer. */
  hangUp(times: number): void;
  close(): Promise<void>;
}

const PRODUCE = 0;
const METADATA = 3;
const API_VERSIONS = 18;
/** What is spoken, in versions before the compact encoding. */
const SPOKEN = { [PRODUCE]: [3, 3], [METADATA]: [4, 4], [API_VERSIONS]: [0, 2] } as const;
const UNKNOWN_TOPIC = 3;
const PARTITIONS = 3;

/** A broker of Kafka in memory, alone in its cluster, that takes records and keeps them. Topics come into being when asked for. */
export async function startKafkaBroker(port = 0): Promise<KafkaBroker> {
  const topics = new Map<string, KafkaRecord[][]>();
  const sockets = new Set<Socket>();
  const arrivals = new Map<string, KafkaRecord[]>();
  const refusals: number[] = [];
  let hangUps = 0;
  let own = 0;

  const topicOf = (name: string, mayCreate: boolean): KafkaRecord[][] | undefined => {
    if (!topics.has(name) && mayCreate)
      topics.set(
        name,
        Array.from({ length: PARTITIONS }, () => []),
      );
    return topics.get(name);
  };

  const metadata = (request: Reading): Buffer => {
    const asked = request.list(() => request.text());
    // Of none in particular: of all.
    const names = asked.length > 0 ? asked : [...topics.keys()];
    const mayCreate = request.int8() === 1;
    const out = writing();
    out.int32(0);
    out.list([0], (id) => out.int32(id).text('127.0.0.1').int32(own).text(null));
    out.text('fake').int32(0);
    out.list(names, (name) => {
      const topic = topicOf(name, mayCreate);
      out
        .int16(topic === undefined ? UNKNOWN_TOPIC : 0)
        .text(name)
        .int8(0);
      out.list([...(topic?.keys() ?? [])], (partition) => {
        out.int16(0).int32(partition).int32(0);
        out.list([0], (replica) => out.int32(replica));
        out.list([0], (replica) => out.int32(replica));
      });
    });
    return out.done();
  };

  const produce = (request: Reading): Buffer => {
    request.text();
    request.int16();
    request.int32();
    const refusal = refusals.shift();
    const asked = request.list(() => ({
      name: request.text(),
      partitions: request.list(() => ({ partition: request.int32(), records: request.bytes() })),
    }));
    const out = writing();
    out.list(asked, ({ name, partitions }) => {
      out.text(name);
      out.list(partitions, ({ partition, records }) => {
        const held = topicOf(name, false)?.[partition];
        const code = refusal ?? (held === undefined ? UNKNOWN_TOPIC : 0);
        const offset = held?.length ?? 0;
        if (code === 0) {
          const taken = readRecords(records);
          held?.push(...taken);
          arrivals.set(name, [...(arrivals.get(name) ?? []), ...taken]);
        }
        out
          .int32(partition)
          .int16(code)
          .int64(code === 0 ? offset : -1)
          .int64(-1);
      });
    });
    return out.int32(0).done();
  };

  const apiVersions = (version: number): Buffer => {
    const out = writing().int16(0);
    out.list(Object.entries(SPOKEN), ([key, [least, most]]) => out.int16(Number(key)).int16(least).int16(most));
    if (version > 0) out.int32(0);
    return out.done();
  };

  const answer = (socket: Socket, frame: Buffer): void => {
    const request = reading(frame);
    const [api, version, correlation] = [request.int16(), request.int16(), request.int32()];
    request.text();
    const spoken = (SPOKEN as Readonly<Record<number, readonly [number, number]>>)[api];
    if (spoken === undefined || version < spoken[0] || version > spoken[1])
      throw new Error(`Kafka API ${api} of version ${version} is not spoken here`);
    const body = api === PRODUCE ? produce(request) : api === METADATA ? metadata(request) : apiVersions(version);
    if (api === PRODUCE && hangUps > 0) {
      hangUps--;
      socket.destroy();
      return;
    }
    socket.write(
      writing()
        .int32(body.length + 4)
        .int32(correlation)
        .raw(body)
        .done(),
    );
  };

  const server = createServer((socket) => {
    sockets.add(socket);
    let held = Buffer.alloc(0);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      held = Buffer.concat([held, chunk]);
      while (held.length >= 4 && held.length >= 4 + held.readInt32BE(0)) {
        const end = 4 + held.readInt32BE(0);
        const frame = held.subarray(4, end);
        held = held.subarray(end);
        try {
          answer(socket, frame);
        } catch (error) {
          socket.destroy(error as Error);
        }
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  own = (server.address() as AddressInfo).port;
  return {
    address: `127.0.0.1:${own}`,
    read: (topic) => topics.get(topic) ?? [],
    arrived: (topic) => arrivals.get(topic) ?? [],
    refuse: (code, times) => void refusals.push(...Array.from({ length: times }, () => code)),
    hangUp: (times) => {
      hangUps += times;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

type Reading = ReturnType<typeof reading>;

function reading(frame: Buffer) {
  let at = 0;
  const next = (length: number): number => {
    at += length;
    return at - length;
  };
  const int16 = (): number => frame.readInt16BE(next(2));
  const int32 = (): number => frame.readInt32BE(next(4));
  const part = (length: number): Buffer => frame.subarray(next(Math.max(0, length)), at);
  return {
    int16,
    int32,
    int8: (): number => frame.readInt8(next(1)),
    text: (): string => part(int16()).toString('utf8'),
    bytes: (): Buffer => Buffer.from(part(int32())),
    list: <T>(read: () => T): T[] => Array.from({ length: Math.max(0, int32()) }, read),
  };
}

function writing() {
  const parts: Buffer[] = [];
  const put = (length: number, write: (bytes: Buffer) => void) => {
    const bytes = Buffer.alloc(length);
    write(bytes);
    parts.push(bytes);
    return out;
  };
  const out = {
    int8: (value: number) => put(1, (bytes) => bytes.writeInt8(value)),
    int16: (value: number) => put(2, (bytes) => bytes.writeInt16BE(value)),
    int32: (value: number) => put(4, (bytes) => bytes.writeInt32BE(value)),
    int64: (value: number) => put(8, (bytes) => bytes.writeBigInt64BE(BigInt(value))),
    text(value: string | null) {
      if (value === null) return out.int16(-1);
      return out.int16(Buffer.byteLength(value)).raw(Buffer.from(value));
    },
    raw(bytes: Buffer) {
      parts.push(bytes);
      return out;
    },
    list<T>(values: readonly T[], write: (value: T) => void) {
      out.int32(values.length);
      for (const value of values) write(value);
      return out;
    },
    done: (): Buffer => Buffer.concat(parts),
  };
  return out;
}
