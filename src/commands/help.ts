import { type Command, EXIT, type Flags } from './command.ts';

export function renderHelp(commands: Readonly<Record<string, Command>>, common: Flags): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  return [
    'ndr: exact per-host behaviour features from firewall logs, every 15 minutes',
    '',
    'usage: ndr COMMAND [flags]',
    '',
    ...Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)} ${summary}`),
    '',
    'flags of every command:',
    ...flagLines(common),
    '',
    'examples:',
    ...Object.values(commands).flatMap(({ examples }) => examples.slice(0, 1).map((example) => `  ${example}`)),
    '',
    `exit codes: ${EXIT.done} done; ${EXIT.failed} something failed, or the work was stopped before its end;`,
    `            ${EXIT.usage} the call, a setting or a spec is wrong: nothing was done`,
    'settings:   --<setting> VALUE, environment NDR_<SETTING>, or ndr.yaml in the home; docs/settings.md lists them',
    'more:       ndr COMMAND --help',
  ].join('\n');
}

export function renderCommandHelp(command: Command, common: Flags): string {
  return [
    command.summary,
    '',
    `usage: ${command.usage}`,
    '',
    ...flagLines({ ...command.flags, ...common }),
    '',
    'examples:',
    ...command.examples.map((example) => `  ${example}`),
  ].join('\n');
}

function flagLines(flags: Flags): string[] {
  const names = Object.entries(flags).map(([name, { value }]) => `--${name}${value === undefined ? '' : ` ${value}`}`);
  const width = Math.max(...names.map((name) => name.length));
  return Object.values(flags).map(({ doc }, i) => `  ${names[i]!.padEnd(width)}  ${doc}`);
}
