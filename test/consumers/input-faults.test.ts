import { describe, expect, it } from 'vitest';
import { absentOptionalFields, addCounts, inputFault, rejectedOf } from '../../src/consumers/input-faults.ts';
import { readerOptionsOf } from '../../src/consumers/slice-plan.ts';
import { noCounts } from '../../src/operators/quality.ts';
import { resolve } from '../config/spec-cases.ts';
import { bytesOf, readChunks } from '../operators/product-run.ts';
import { SESSION } from '../support/session-record.ts';

const RECORD = {
  ...SESSION,
  event_start: 1_772_438_800,
  event_end: 1_772_438_801,
  event_action: 'allow',
  event_reason: 'aged-out',
  network_transport: 'tcp',
};
type Content = Readonly<Record<string, unknown>> | string;

/** What files of records and noise come to under a spec. */
function judge(files: readonly (readonly Content[])[], deltaSpec: object = {}) {
  const spec = resolve({ delta_builder: deltaSpec });
  const read = files.map((contents) => {
    const text = contents
      .map((content) => (typeof content === 'string' ? content : JSON.stringify(content)))
      .join('\n');
    return readChunks([bytesOf(text)], readerOptionsOf(spec)).file;
  });
  const counts = noCounts();
  addCounts(read, counts);
  return {
    counts,
    fault: inputFault(read, counts, spec),
    warnings: absentOptionalFields(read, spec),
  };
}

const times = (n: number, content: Content): Content[] => new Array<Content>(n).fill(content);
const without = (...fields: (keyof typeof RECORD)[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(RECORD).filter(([name]) => !(fields as string[]).includes(name)));

describe('a mini-batch that lacks a required field', () => {
  it.each([
    ...['source_ip', 'destination_ip', 'source_port', 'destination_port'],
    ...['source_bytes', 'destination_bytes', 'event_start', 'event_end'],
  ] as const)('is at fault, and the fault says which: %s', (field) => {
    const { fault } = judge([times(100, without(field))]);
    expect(fault).toMatch(/^none of 100 TRAFFIC records carries/);
    expect(fault).toContain(`${field} (read from "${field}")`);
    expect(fault).toContain('input.field_mapping');
  });

  it('is told all of them at once, by the names that the spec reads', () => {
    const mapping = { source_ip: 'src.ip', event_end: 'closed' };
    const { fault } = judge([times(100, without('source_ip', 'event_end'))], { input: { field_mapping: mapping } });
    expect(fault).toContain('source_ip (read from "src.ip"), event_end (read from "closed")');
  });

  it.each([
    ['under a hundred records', [times(99, without('source_port'))]],
    ['one record that carries it', [times(100, without('source_port')), [RECORD]]],
    ['an end that comes from start and duration', [times(100, { ...without('event_end'), duration: 3 })]],
    [
      'threats without it',
      [[...times(200, { ...without('source_bytes', 'source_port'), event_name: 'THREAT' }), ...times(100, RECORD)]],
    ],
  ])('is none by %s', (_, files) => {
    expect(judge(files).fault).toBeUndefined();
  });

  it('counts the records of all its files together', () => {
    expect(judge([times(60, without('source_port')), times(60, without('source_port'))]).fault).toContain(
      'none of 120',
    );
  });

  it('is at fault by a duration that has no start to go from', () => {
    const { fault } = judge([times(100, { ...without('event_end', 'event_start'), duration: 3 })]);
    expect(fault).toContain('event_start');
    expect(fault).toContain('event_end');
  });
});

describe('a mini-batch that is mostly rejected', () => {
  const mixed = (bad: number, good: number): Content[] => [...times(bad, 'noise'), ...times(good, RECORD)];

  it.each([
    [51, 49, undefined, true],
    [50, 50, undefined, false],
    [99, 0, undefined, false],
    [100, 0, undefined, true],
    [29, 71, 0.29, false],
    [30, 70, 0.29, true],
    [7, 93, 0.07, false],
    [0, 100, 0, false],
    [1, 99, 0, true],
    [100, 0, 1, false],
  ])('is at fault: %i bad and %i good lines at a ratio of %d: %s', (bad, good, ratio, isFault) => {
    const { fault } = judge([mixed(bad, good)], ratio === undefined ? {} : { dq: { max_rejected_ratio: ratio } });
    expect(fault !== undefined).toBe(isFault);
  });

  it('says how many, why, and what to do', () => {
    const { fault } = judge([mixed(60, 40), times(10, { ...RECORD, source_ip: 'x' })]);
    expect(fault).toContain('70 of 110 lines were rejected');
    expect(fault).toContain('malformed_json 60');
    expect(fault).toContain('malformed_ip 10');
    expect(fault).toContain('dq.max_rejected_ratio 0.5');
    expect(fault).not.toContain('session_start');
  });

  it('is none by lines that are filtered', () => {
    const filtered = times(200, { ...RECORD, event_subtype: 'start' });
    expect(judge([[...filtered, ...times(10, RECORD)]]).fault).toBeUndefined();
  });
});

it('what is rejected is counted apart from what is filtered or nulled', () => {
  const { counts } = judge([
    ['noise', { ...RECORD, source_ip: 'x' }, { source_ip: '10.0.0.1', destination_ip: '10.0.0.2' }],
    [
      { ...RECORD, event_name: 'SYSTEM' },
      { ...RECORD, event_subtype: 'start' },
      { ...RECORD, source_bytes: -1 },
    ],
  ]);
  expect(rejectedOf(counts)).toBe(3);
  expect(counts).toMatchObject({ other_event_name: 1, session_start: 1, negative_bytes: 1 });
});

describe('optional fields', () => {
  it('that nobody carries are named with what they are read from', () => {
    const { warnings, fault } = judge([times(100, without('event_action', 'network_transport'))], {
      input: { field_mapping: { event_action: 'rule.action' } },
    });
    expect(fault).toBeUndefined();
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toContain('event_action (read from "rule.action")');
    expect(warnings[1]).toContain('network_transport (read from "network_transport")');
  });

  it.each([
    ['all of them', [times(100, RECORD)]],
    ['one record that has them', [[...times(100, without('event_action')), RECORD]]],
    ['few records', [times(99, without('event_action'))]],
  ])('warn of nothing in %s', (_, files) => {
    expect(judge(files).warnings).toEqual([]);
  });
});
