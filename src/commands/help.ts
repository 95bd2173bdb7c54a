import { type Command, EXIT, type Flag } from './command.ts';

type Flags = Readonly<Record<string, Flag>>;

export function renderHelp(commands: Readonly<Record<string, Command>>, common: Flags): string {
  return [
    'ndr: exact per-host behaviour features from firewall logs, every 15 minutes',
    '',
    'usage: ndr COMMAND [flags]',
    '',
    ...Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`),
    '',
    'flags of every command:',
    ...flagLines(common),
    '',
    `exit codes: ${EXIT.done} done, ${EXIT.failed} something failed or was stopped, ${EXIT.usage} the call, a setting or a spec is wrong`,
    'settings: environment NDR_*, or ndr.yaml in the home; see docs/settings.md',
    'more: ndr COMMAND --help',
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
