import { expect, it } from 'vitest';
import { openTerminal, type Terminal } from '../../src/commands/terminal.ts';

const CLEAR = '\r\u001b[K';

function terminalOf(watched: { isTTY?: boolean; columns?: number }): {
  terminal: Terminal;
  said: string[];
  pass: (ms: number) => void;
} {
  const said: string[] = [];
  let now = 0;
  const out = { write: (text: string) => said.push(`out ${text}`) };
  const err = { write: (text: string) => said.push(`err ${text}`), ...watched };
  return {
    terminal: openTerminal(out, err, () => now),
    said,
    pass(ms) {
      now += ms;
    },
  };
}

it('prints results to one stream, all else to the other', () => {
  const { terminal, said } = terminalOf({});
  terminal.out('result');
  terminal.note('note');
  expect(said).toEqual(['out result\n', 'err note\n']);
});

it('shows no progress where no one is watching', () => {
  const { terminal, said } = terminalOf({});
  terminal.progress('half');
  terminal.out('result');
  terminal.progress('');
  expect(said).toEqual(['out result\n']);
});

it('keeps progress below what is printed', () => {
  const { terminal, said } = terminalOf({ isTTY: true, columns: 40 });
  terminal.progress('half');
  terminal.out('result');
  terminal.progress('');
  terminal.note('note');
  expect(said).toEqual(['err half', `err ${CLEAR}`, 'out result\n', 'err half', `err ${CLEAR}`, 'err note\n']);
});

it('cuts progress to a row, also where the width is not known', () => {
  for (const [columns, width] of [
    [10, 9],
    [0, 79],
    [undefined, 79],
  ] as const) {
    const { terminal, said } = terminalOf({ isTTY: true, ...(columns === undefined ? {} : { columns }) });
    terminal.progress('x'.repeat(200));
    expect(said).toEqual([`err ${'x'.repeat(width)}`]);
  }
});

it('redraws progress ten times a second at most, and clears it at once', () => {
  const { terminal, said, pass } = terminalOf({ isTTY: true, columns: 40 });
  terminal.progress('1');
  terminal.progress('2');
  pass(100);
  terminal.progress('3');
  terminal.progress('');
  expect(said).toEqual(['err 1', `err ${CLEAR}`, 'err 3', `err ${CLEAR}`]);
});
