import { describe, expect, it } from 'vitest';
import { readerOptionsOf } from '../../src/consumers/slice-plan.ts';
import { unreadableFields } from '../../src/consumers/unreadable-fields.ts';
import { resolve } from '../config/spec-cases.ts';
import { bytesOf, readChunks } from '../operators/product-run.ts';
import { SESSION } from '../support/session-record.ts';

const RECORD = {
  ...SESSION,
  event_start: 1_772_438_800,
  event_end: 1_772_438_801,
};
type Change = Readonly<Record<string, unknown>>;

/** What is told of files of so many records with such changes. */
function judge(...files: readonly (readonly (readonly [number, Change])[])[]) {
  const spec = resolve({ delta_builder: { input: { field_mapping: { duration: 'elapsed.s' } } } });
  return unreadableFields(
    files.map((parts, n) => {
      const lines = parts.flatMap(([times, change]) => Array(times).fill(JSON.stringify({ ...RECORD, ...change })));
      return { name: `${n}.gz`, flows: readChunks([bytesOf(lines.join('\n'))], readerOptionsOf(spec)).file };
    }),
    spec,
  );
}

const STARTS = { event_start: '28/11/2026 10:31:17' };

describe('values that cannot be read', () => {
  it('are a fault where no session has its times or bytes, all of them named at once', () => {
    const { fault, warnings } = judge(
      [[60, { ...STARTS, source_bytes: '1234 Bytes' }]],
      [[60, { ...STARTS, source_bytes: '1 B' }]],
    );
    expect(warnings).toEqual([]);
    expect(fault).toContain(
      'none of 120 TRAFFIC records has a readable source_bytes (read from "source_bytes"), first 0.gz, line 1: "9999 aaaaa"',
    );
    expect(fault).toContain('none of 120 TRAFFIC records has a readable event_start');
    expect(fault).toContain('YYYY/MM/DD HH:MM:SS');
    expect(fault).toContain('a number is decimal');
    expect(fault).not.toContain('28/11/2026');
  });

  it('are no fault where one record has one, or most have none at all', () => {
    const few = [
      [119, STARTS],
      [1, {}],
    ] as const;
    expect(judge(few)).toMatchObject({ fault: undefined, warnings: [expect.any(String)] });
    const others = [
      [61, { event_start: null }],
      [59, STARTS],
    ] as const;
    expect(judge(others)).toEqual({ fault: undefined, warnings: [] });
  });

  it('are warned of in half of the records, or all of a few', () => {
    expect(judge([[50, {}]], [[50, STARTS]]).warnings).toEqual([
      expect.stringContaining(
        '50 of 100 TRAFFIC records have no readable event_start (read from "event_start"), first 1.gz, line 1',
      ),
    ]);
    expect(
      judge([
        [51, {}],
        [49, STARTS],
      ]),
    ).toEqual({ fault: undefined, warnings: [] });
    expect(judge([[3, STARTS]]).warnings).toHaveLength(1);
    expect(
      judge([
        [3, STARTS],
        [1, {}],
      ]).warnings,
    ).toEqual([]);
  });

  it('are no fault of an end that start and duration give, nor of ports', () => {
    const derived = { event_end: 'soon', elapsed: { s: 3 } };
    expect(judge([[100, { ...derived, source_port: '-' }]])).toEqual({
      fault: undefined,
      warnings: [expect.stringContaining('readable source_port'), expect.stringContaining('readable event_end')],
    });
    expect(judge([[100, { event_end: 'soon' }]]).fault).toContain('event_end');
  });

  it.each([
    [{ at: 1 }, 'a nested object'],
    [[1], 'a list'],
    [true, 'a boolean'],
    ['x'.repeat(50), `"${'a'.repeat(40)}…"`],
  ])('are told by how they are written: %j', (value, form) => {
    expect(judge([[100, { event_start: value }]]).fault).toContain(`line 1: ${form}`);
  });
});
