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
      { numRuns: 800 },
    );
    expect(fast).toBeGreaterThan(400);
  });
});
