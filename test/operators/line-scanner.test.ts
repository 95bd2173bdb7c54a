import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logLines } from './log-lines.ts';
import { readerOptionsFor } from './product-options.ts';
import { bytesOf, readChunks } from './product-run.ts';
import { readingOf } from './reading.ts';

const options = readerOptionsFor();
const read = (lines: readonly string[], own = options) => readChunks([bytesOf(`${lines.join('\n')}\n`)], own);

/** JSON begins behind a tab as well as without; the scanner does not, so that JSON.parse gets every line. */
const heldBack = (lines: readonly string[]): string[] => lines.map((line) => `\t${line}`);

describe('the fast path', () => {
  it.each([
    ['as they come', options],
    [
      'with malformed addresses kept',
      readerOptionsFor({ dq: { drop_malformed_ip: false, bytes_non_negative: false } }),
    ],
    ['with times in a zone', readerOptionsFor({ timeZone: 'America/New_York' })],
  ])('reads every line as JSON.parse would, %s', (_, own) => {
    let fast = 0;
    fc.assert(
      fc.property(logLines('extreme', 6), (lines) => {
        const quick = read(lines, own);
        const slow = read(heldBack(lines), own);
        expect(slow.file.slowLines).toBe(slow.file.lines);
        fast += quick.file.lines - quick.file.slowLines;
        const unheld = slow.rejected.map(({ text, ...where }) => ({ ...where, text: text.slice(1) }));
        expect(readingOf(quick)).toEqual(readingOf({ ...slow, rejected: unheld }));
      }),
      { numRuns: 500 },
    );
    expect(fast).toBeGreaterThan(250);
  });

  it('reads numbers of any length and form as JSON.parse would', () => {
    const digits = (min: number, max: number) =>
      fc.array(fc.nat(9), { minLength: min, maxLength: max, size: 'max' }).map((own) => own.join(''));
    const number = fc
      .tuple(
        fc.constantFrom('', '', '-', '+', '--'),
        digits(0, 19),
        fc.oneof(
          fc.constantFrom('', '.'),
          digits(1, 19).map((own) => `.${own}`),
        ),
        fc.constantFrom('', '', '', 'e2', 'E-3', 'e', 'e+'),
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.array(number, { minLength: 4, maxLength: 4 }), ([a, b, c, d]) => {
        const lines = [
          `{"source_ip":"10.0.0.1","destination_ip":"10.0.0.2","source_bytes":${a},"duration":${b},"event_start":${c}}`,
          `{"source_ip":"10.0.0.1","destination_ip":"10.0.0.2","source_bytes":1,"repeat_count":${d},"app":${a}}`,
          `{"source_ip":"10.0.0.1","destination_ip":"10.0.0.2","source_bytes":"${a}","duration":"${b}","event_start":"${c}"}`,
        ];
        expect(readingOf(read(lines)).flows).toEqual(readingOf(read(heldBack(lines))).flows);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    'source_ip',
    'destination_ip',
    'destination_port',
    'source_bytes',
    'event_start',
    'event_action',
    'event_name',
  ])('lets the last of two values stand, null or not: %s', (key) => {
    const values: Record<string, unknown> = {
      ...{ source_ip: '10.0.0.1', destination_ip: '10.0.0.2', destination_port: 443, source_bytes: 1 },
      ...{ event_start: 1_772_438_800, event_action: 'deny', event_name: 'SYSTEM' },
    };
    const plain = JSON.stringify({ source_ip: '10.0.0.8', destination_ip: '10.0.0.9', source_bytes: 5 });
    const line = (first: unknown, last: unknown): string =>
      plain.replace('}', `,"${key}":${JSON.stringify(first)},"${key}":${JSON.stringify(last)}}`);
    const lines = [line(values[key], null), line(null, values[key]), line(values[key], 'x'), line('x', values[key])];
    const { rejected, ...quick } = readingOf(read(lines));
    const { rejected: heldRejected, ...slow } = readingOf(read(heldBack(lines)));
    expect(quick).toEqual(slow);
    expect(rejected.map((one) => one.line)).toEqual(heldRejected.map((one) => one.line));
  });
});
