import { describe, expect, it } from 'vitest';
import type { Flags } from '../../src/commands/command.ts';
import { instantFlag, parseFlags } from '../../src/commands/flags.ts';

const KNOWN: Flags = {
  input: { type: 'string', value: 'ROOT', doc: '' },
  home: { type: 'string', value: 'DIR', doc: '' },
  json: { type: 'boolean', doc: '' },
  help: { type: 'boolean', doc: '' },
};
const parse = (...args: string[]) => parseFlags(args, KNOWN, 'backfill');
const faults = (...args: string[]): string[] => {
  try {
    return [JSON.stringify(parse(...args))];
  } catch (error) {
    return (error as Error).message.split('\n');
  }
};

describe('flags', () => {
  it('take their value from the next argument or behind an equals sign', () => {
    expect(parse('--input', 'logs', '--json', '--home=a=b')).toEqual({ input: 'logs', json: true, home: 'a=b' });
    expect(parse('--input=-odd', '--home', '-')).toEqual({ input: '-odd', home: '-' });
    expect(parse('-h')).toEqual({ help: true });
    expect(parse()).toEqual({});
  });

  it.each([
    [['--inptu', 'x'], '--inptu: unknown flag; did you mean --input?'],
    [['--zzzzzz'], '--zzzzzz: unknown flag'],
    [['--toString=1'], '--toString: unknown flag'],
    [['-x'], '-x: unknown flag'],
    [['logs'], 'logs: stands without a flag; for a folder write --input logs'],
    [['--json', 'yes'], 'yes: stands without a flag; for a folder write --input yes'],
    [['--input'], '--input: lacks its value; give --input ROOT'],
    [['--input', '--json'], '--input: lacks its value; give --input ROOT'],
    [['--home', ''], '--home: is blank; give DIR, or leave it out'],
    [['--home='], '--home: is blank; give DIR, or leave it out'],
    [['--json=true'], '--json: is a switch and takes no value; leave out "=true"'],
    [['--home', 'a', '--home', 'b'], '--home: stands twice; give it once'],
  ])('%j: %s', (args, fault) => {
    expect(faults(...args)).toEqual([fault, 'see ndr backfill --help']);
  });

  it('tell all their faults at once', () => {
    expect(faults('--hoem', 'a', 'b', '--input')).toEqual([
      '--hoem: unknown flag; did you mean --home?',
      'b: stands without a flag; for a folder write --input b',
      '--input: lacks its value; give --input ROOT',
      'see ndr backfill --help',
    ]);
  });
});

describe('an instant', () => {
  const instant = (at: string) => instantFlag({ flags: { at } }, 'at');

  it.each([
    ['2026-03-02T10:40:05Z', Date.UTC(2026, 2, 2, 10, 40, 5)],
    ['2026-03-02T10:40:05.250+01:30', Date.UTC(2026, 2, 2, 9, 10, 5, 250)],
    ['2026-03-02 10:40Z', Date.UTC(2026, 2, 2, 10, 40)],
    ['2026-03-02', Date.UTC(2026, 2, 2)],
  ])('%s is read', (text, expected) => {
    expect(instant(text)).toBe(expected);
  });

  it.each([
    'yesterday',
    '2026-02-30',
    '2026-13-01',
    '2026-03-02T10:40:05',
    '2026-03-02T25:00:00Z',
    '2026-03',
    '20260302',
    '1772448005',
    'Mar 2 2026',
  ])('%s is refused', (text) => {
    expect(() => instant(text)).toThrow(`--at: is "${text}"; give an instant with its zone`);
  });
});
