import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFlowReader } from '../../src/operators/flow-reader.ts';
import { logLines } from './log-lines.ts';
import { readerOptionsFor } from './product-options.ts';
import { bytesOf, readChunks } from './product-run.ts';
import { flowWord, readingOf } from './reading.ts';

const options = readerOptionsFor();
/** A mebibyte. */
const LONGEST = 1_048_576;
const PREFIX = 4096;
const FLOW = { source_ip: '10.0.0.1', destination_ip: '10.0.0.2', destination_port: 443 };
const line = (own: object = {}): string => JSON.stringify({ ...FLOW, ...own });
const read = (content: string | Uint8Array, own = options) =>
  readingOf(readChunks([typeof content === 'string' ? bytesOf(content) : content], own));
const portsOf = ({ flows }: ReturnType<typeof read>) => flows.map(({ port }) => port);

describe('a file', () => {
  it('reads the same wherever it is cut into chunks', () => {
    fc.assert(
      fc.property(logLines('extreme', 3), fc.constantFrom('\n', '\r\n'), fc.boolean(), (lines, feed, isMarked) => {
        const content = bytesOf((isMarked ? '\ufeff' : '') + lines.join(feed));
        const whole = read(content);
        for (let cut = 0; cut <= content.length; cut += 1 + Math.floor(content.length / 40)) {
          expect(readingOf(readChunks([content.subarray(0, cut), content.subarray(cut)], options))).toEqual(whole);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('reads the same byte by byte, and cut at every byte', () => {
    const content = bytesOf(
      `\ufeff${line()}\r\n\n${line({ destination_port: 53, app: 'é€😀' })}\n{"source_ip":\n${line()}`,
    );
    const whole = read(content);
    expect(whole).toMatchObject({ lines: 4, rejected: [{ line: 4, rule: 'malformed_json', text: '{"source_ip":' }] });
    expect(portsOf(whole)).toEqual([443, 53, 443]);
    expect(
      readingOf(
        readChunks(
          Array.from(content, (byte) => Uint8Array.of(byte)),
          options,
        ),
      ),
    ).toEqual(whole);
    for (let cut = 0; cut <= content.length; cut++) {
      expect(readingOf(readChunks([content.subarray(0, cut), content.subarray(cut)], options))).toEqual(whole);
    }
  });

  it('keeps nothing of a chunk that its owner writes over', () => {
    const content = bytesOf(`${line()}\n${line({ destination_port: 53 })}\n`);
    const buffer = new Uint8Array(16);
    function* chunks(): Generator<Uint8Array> {
      for (let at = 0; at < content.length; at += buffer.length) {
        const piece = content.subarray(at, at + buffer.length);
        buffer.fill(0);
        buffer.set(piece);
        yield buffer.subarray(0, piece.length);
      }
    }
    expect(readingOf(readChunks(chunks(), options))).toEqual(read(content));
  });

  it('holds more flows than one piece', () => {
    const content = bytesOf(
      Array.from({ length: 70_000 }, (_, n) => line({ destination_port: n % 50_000 })).join('\n'),
    );
    const { chunks, lines } = readChunks([content], options).file;
    const ports = chunks.flatMap((flows) =>
      Array.from({ length: flows.length }, (_, row) => flowWord(flows, row, 'destinationPort')),
    );
    expect(lines).toBe(70_000);
    expect(ports).toEqual(Array.from({ length: 70_000 }, (_, n) => n % 50_000));
  });

  it.each([
    ['empty', '', 0],
    ['of line feeds', '\n\n\n', 0],
    ['of blanks', ' \n\t\r\n  ', 0],
    ['of a byte order mark', '\ufeff', 0],
    ['without a line feed at its end', line(), 1],
    ['with carriage returns', `${line()}\r\n${line()}\r\n`, 2],
    ['behind a byte order mark', `\ufeff${line()}\n`, 1],
    ['with blank lines between', `\n${line()}\n \n${line()}\n\t\n`, 2],
  ])('%s holds what it holds', (_, content, flows) => {
    const reading = read(content);
    expect(reading.flows).toHaveLength(flows);
    expect(reading).toMatchObject({ lines: flows, rejected: [] });
  });
});

describe('a line', () => {
  it('that is cut costs itself, never the next', () => {
    for (let cut = 1; cut < line().length; cut++) {
      const reading = read(
        `${line({ destination_port: 1 })}\n${line().slice(0, cut)}\n${line({ destination_port: 2 })}\n`,
      );
      expect(portsOf(reading)).toEqual([1, 2]);
      expect(reading.rejected).toMatchObject([{ line: 2, rule: 'malformed_json', text: line().slice(0, cut) }]);
    }
  });

  it.each([
    ['text that is not UTF-8', Uint8Array.of(...bytesOf('{"a":"'), 0xc3, 0x28, ...bytesOf('"}'))],
    ['half of a character', Uint8Array.of(...bytesOf('{"a":"'), 0xe2, 0x82, ...bytesOf('"}'))],
    ['a control character', bytesOf('{"a":"\u0001"}')],
    ['UTF-16', Uint8Array.of(0x7b, 0, 0x7d, 0)],
    ['two objects', bytesOf('{}{}')],
    ['an array', bytesOf('[{}]')],
    ['a number', bytesOf('1')],
    ['null', bytesOf('null')],
    ['noise', Uint8Array.from({ length: 99 }, (_, i) => (i * 37 + 128) % 256).filter((byte) => byte !== 10)],
  ])('of %s is rejected, and nothing else', (_, text) => {
    const reading = read(Uint8Array.of(...bytesOf(`${line()}\n`), ...text, ...bytesOf(`\n${line()}\n`)));
    expect(portsOf(reading)).toEqual([443, 443]);
    expect(reading).toMatchObject({ lines: 3, rejected: [{ line: 2, rule: 'malformed_json' }] });
    expect(reading.rejected[0]?.text).toBe(Buffer.from(text).toString('latin1'));
  });

  it('is told by its number in the file, blank lines counted', () => {
    const { rejected, lines } = read(`\n\nnoise\n\n${line()}\n\nmore`);
    expect(rejected).toMatchObject([{ line: 3 }, { line: 7 }]);
    expect(lines).toBe(3);
  });

  it('may be as long as the limit; a longer one costs that line only, however it is cut', () => {
    const padded = (length: number): string => line({ app: 'x'.repeat(length - line({ app: '' }).length) });
    expect(padded(1000)).toHaveLength(1000);
    for (const [length, rule] of [
      [LONGEST, undefined],
      [LONGEST + 1, 'line_too_long'],
      [3 * LONGEST, 'line_too_long'],
    ] as const) {
      const content = bytesOf(
        `${line({ destination_port: 1 })}\n${padded(length)}\n${line({ destination_port: 2 })}\n`,
      );
      for (const size of [content.length, 65_536, 999_983]) {
        const pieces = Array.from({ length: Math.ceil(content.length / size) }, (_, i) =>
          content.subarray(i * size, (i + 1) * size),
        );
        const reading = readingOf(readChunks(pieces, options));
        expect(portsOf(reading)).toEqual(rule === undefined ? [1, 443, 2] : [1, 2]);
        expect(reading.lines).toBe(3);
        expect(reading.rejected.map((one) => [one.line, one.rule])).toEqual(rule === undefined ? [] : [[2, rule]]);
        for (const { text } of reading.rejected) expect(text).toBe(padded(length).slice(0, PREFIX));
      }
    }
  });

  it('of nothing but blanks is none, unless it is too long to know', () => {
    for (const length of [LONGEST, LONGEST + 1]) {
      const content = bytesOf(`${' '.repeat(length)}\n${line()}\n`);
      for (const chunks of [[content], [content.subarray(0, 700_000), content.subarray(700_000)]]) {
        const { lines, counts } = readChunks(chunks, options).file;
        expect([lines, counts.line_too_long]).toEqual(length > LONGEST ? [2, 1] : [1, 0]);
      }
    }
  });

  it('is told with what is wrong with it, its length and what to do', () => {
    const told: [number, string, number][] = [];
    const reader = createFlowReader(options, (number, _, text, fault, length) => {
      told.push([number, fault, length]);
      expect(text.length).toBe(Math.min(length, length > LONGEST ? PREFIX : length));
    });
    const broken = [
      bytesOf('nothing\n[{}]\n'),
      Uint8Array.of(0x22, 0xff, 0x22, 0x0a),
      bytesOf(`${'x'.repeat(LONGEST + 9)}\n`),
    ];
    const empty = { ...FLOW, destination_port: null };
    const records = [{ source_ip: '10.0.0.1' }, { ...FLOW, source_ip: 'x', destination_ip: null }, empty];
    for (const chunk of [...broken, bytesOf(records.map((record) => JSON.stringify(record)).join('\n'))]) {
      reader.push(chunk);
    }
    expect(reader.lines()).toBe(6);
    reader.finish();
    expect(reader.lines()).toBe(7);
    expect(
      told.map(([number, fault]) => `${number} ${fault.split(/[;,] (?:the source|its first|correct)/)[0]}`),
    ).toEqual([
      '1 the line is not JSON',
      '2 the line is JSON, but not an object',
      '3 the line is not UTF-8',
      '4 the line has 1048585 bytes, more than the 1048576 of the longest that is read',
      '5 destination_ip is absent',
      '6 source_ip is not an address, destination_ip is absent',
      '7 both byte and both port fields are null',
    ]);
    expect(told.map(([, , length]) => length).slice(0, 4)).toEqual([7, 4, 3, LONGEST + 9]);
    for (const [, fault] of told) expect(fault).toMatch(/; (?:.*(?:correct|must))/);
  });

  it('begins behind one byte order mark, at the start of the file, however it is cut', () => {
    for (const [content, ports] of [
      [`\ufeff${line()}`, [443]],
      [`\ufeff\ufeff${line()}\n${line()}`, [443]],
      [`\ufeff\n\ufeff${line()}\n${line()}`, [443]],
      [`${line()}\n\ufeff${line()}`, [443]],
      [` \ufeff${line()}\n${line()}`, [443]],
    ] as const) {
      const bytes = bytesOf(content);
      for (let cut = 0; cut <= bytes.length; cut++) {
        expect(portsOf(readingOf(readChunks([bytes.subarray(0, cut), bytes.subarray(cut)], options)))).toEqual(ports);
      }
    }
  });

  it('that never ends is rejected once', () => {
    const pieces = Array.from({ length: 40 }, () => new Uint8Array(100_000).fill(0x20));
    const reading = readingOf(readChunks([bytesOf(`${line()}\n{`), ...pieces], options));
    expect(reading.rejected.map((one) => [one.line, one.rule])).toEqual([[2, 'line_too_long']]);
    expect(reading).toMatchObject({ lines: 2, counts: { line_too_long: 1, malformed_json: 0 } });
  });

  it('may be nested as deeply as it likes', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const objects = `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`;
    for (const value of [deep, objects, '{"toString":1}', '[{"toString":null}]']) {
      const reading = read(
        [
          line().replace('}', `,"app":${value}}`),
          line().replace('"10.0.0.1"', value),
          line().replace('443', value),
          line().replace('}', `,"event_name":${value}}`),
          line().replace('}', `,"event_start":${value},"event_action":${value}}`),
        ].join('\n'),
      );
      expect(reading.rejected.map((one) => [one.line, one.rule])).toEqual([
        [2, 'malformed_ip'],
        [3, 'null_bytes_ports'],
      ]);
      expect(reading).toMatchObject({ lines: 5, counts: { other_event_name: 1 } });
      expect(portsOf(reading)).toEqual([443, 443]);
    }
  });
});

describe('the field mapping', () => {
  const mapped = (fieldMapping: Record<string, string>) => readerOptionsFor({ fieldMapping });
  const nested = mapped({ source_ip: 'source.ip', destination_ip: 'destination.ip', destination_port: 'a.b.port' });

  it('reaches into nested objects', () => {
    const record = { source: { ip: '10.0.0.1' }, destination: { ip: '10.0.0.2' }, a: { b: { port: 8443 } } };
    const [flow] = read(JSON.stringify(record), nested).flows;
    expect(flow).toMatchObject({ source: '10.0.0.1', destination: '10.0.0.2', sourcePort: -1, port: 8443 });
  });

  it('takes a key that has the dots in its name before a nested one', () => {
    const record = { 'source.ip': '10.0.0.7', source: { ip: '10.0.0.1' }, 'destination.ip': '10.0.0.2', 'a.b.port': 1 };
    expect(read(JSON.stringify(record), nested).flows).toMatchObject([{ source: '10.0.0.7', port: 1 }]);
  });

  it.each([
    ['a text', { source: '10.0.0.1' }],
    ['null', { source: null }],
    ['nothing', {}],
    ['what every object inherits', { source: {} }],
  ])('finds no value in %s on the way', (_, own) => {
    const inherited = mapped({ source_ip: 'source.constructor.name', destination_port: 'toString.length' });
    const record = JSON.stringify({
      ...own,
      destination_ip: '10.0.0.2',
      destination: { ip: '10.0.0.2' },
      source_port: 1,
    });
    expect(read(record, nested).rejected).toMatchObject([{ rule: 'malformed_ip' }]);
    expect(read(record, inherited).rejected).toMatchObject([{ rule: 'malformed_ip' }]);
  });

  it('may give one source field to two', () => {
    const both = mapped({ source_port: 'port', destination_port: 'port' });
    const record = { source_ip: '10.0.0.1', destination_ip: '10.0.0.2', port: 443 };
    expect(read(JSON.stringify(record), both).flows).toMatchObject([{ sourcePort: 443, port: 443 }]);
  });

  it('names every field that traffic carries, and counts the traffic', () => {
    const carriedBy = (...records: object[]) => {
      const { trafficRecords, carried } = read(records.map((record) => JSON.stringify(record)).join('\n'));
      return [trafficRecords, carried.toString(2)];
    };
    expect(carriedBy(FLOW)).toEqual([1, '1011']);
    expect(carriedBy({ ...FLOW, event_name: 'THREAT', event_start: 1 })).toEqual([0, '0']);
    expect(carriedBy(FLOW, { ...FLOW, event_subtype: 'start', source_bytes: 1 })).toEqual([1, '1011']);
    expect(carriedBy({ source_ip: 'x', event_end: 1 }, { destination_ip: 'y', source_port: 4 })).toEqual([
      2,
      '10000111',
    ]);
  });
});

describe('noise', () => {
  const heap = (): number => {
    setFlagsFromString('--expose-gc');
    (runInNewContext('gc') as () => void)();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };

  it('takes no room in the book of addresses', () => {
    const lines = Array.from({ length: 5000 }, (_, n) =>
      line({ source_ip: `host-${n}`, destination_ip: `10.0.0.${n}` }),
    );
    const { addresses } = readChunks([bytesOf(lines.join('\n'))], options).file;
    expect(addresses.ipv4.length).toBeLessThanOrEqual(256);
    expect(addresses.texts.size).toBe(0);
  });

  it.each([
    ['addresses', (text: string) => line({ source_ip: text })],
    ['words', (text: string) => line({ event_action: text, event_reason: text })],
    ['keys', (text: string) => line().replace('source_ip', text)],
  ])('is not remembered, however long: %s', (_, lineWith) => {
    const reader = createFlowReader(options, () => {});
    const padding = 'x'.repeat(500_000);
    reader.push(bytesOf(`${lineWith(padding)}\n`));
    const before = heap();
    for (let n = 0; n < 150; n++) reader.push(bytesOf(`${lineWith(`${n}${padding}`)}\n`));
    expect(heap() - before).toBeLessThan(40_000_000);
    expect(reader.finish().lines).toBe(151);
  });
});
