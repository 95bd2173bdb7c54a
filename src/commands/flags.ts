import { nearestKey } from '../config/nearest-key.ts';
import { instantOfText, UTC } from '../operators/time.ts';
import { type CommandContext, type Flags, type FlagValues, UsageError } from './command.ts';

/** Reads the arguments that follow a command's name. Throws one UsageError with everything that is wrong with them. */
export function parseFlags(args: readonly string[], known: Flags, command: string): FlagValues {
  const values: Record<string, string | boolean> = {};
  const faults: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    const [, name, inline] = /^--([^=]+)(?:=(.*))?$/s.exec(arg === '-h' ? '--help' : arg) ?? [];
    if (name === undefined) {
      faults.push(arg.startsWith('-') ? `${arg}: unknown flag` : strayValue(arg, known));
      continue;
    }
    const flag = Object.hasOwn(known, name) ? known[name] : undefined;
    const next = args[i + 1];
    const hasNext = inline === undefined && next !== undefined && !/^-./.test(next);
    if (flag === undefined) {
      const nearest = nearestKey(name, Object.keys(known));
      faults.push(`--${name}: unknown flag${nearest === undefined ? '' : `; did you mean --${nearest}?`}`);
      // What follows was meant as its value.
      if (hasNext) i++;
      continue;
    }
    if (Object.hasOwn(values, name)) faults.push(`--${name}: stands twice; give it once`);
    if (flag.type === 'boolean') {
      if (inline !== undefined) faults.push(`--${name}: is a switch and takes no value; leave out "=${inline}"`);
      values[name] = true;
      continue;
    }
    const value = inline ?? (hasNext ? args[++i] : undefined);
    if (value === undefined) faults.push(`--${name}: lacks its value; give --${name} ${flag.value ?? 'VALUE'}`);
    // A shell variable that is not set must not quietly mean the default.
    else if (value.trim() === '') faults.push(`--${name}: is blank; give ${flag.value ?? 'a value'}, or leave it out`);
    else values[name] = value;
  }
  if (faults.length > 0) throw new UsageError([...faults, `see ndr ${command} --help`].join('\n'));
  return values;
}

function strayValue(arg: string, known: Flags): string {
  const advice = known['input'] === undefined ? 'leave it out' : `for a folder write --input ${arg}`;
  return `${arg}: stands without a flag; ${advice}`;
}

export function textFlag({ flags }: Pick<CommandContext, 'flags'>, name: string): string | undefined {
  const value = flags[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function neededFlag(context: Pick<CommandContext, 'flags'>, name: string, what: string): string {
  const value = textFlag(context, name);
  if (value === undefined) throw new UsageError(`--${name}: is missing; give ${what}`);
  return value;
}

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}.*([Zz]|[+-]\d{2}(:?\d{2})?)$/;

/** An ISO 8601 instant in a flag, as ms UTC; a date is its midnight UTC. */
export function instantFlag(context: Pick<CommandContext, 'flags'>, name: string): number | undefined {
  const text = textFlag(context, name);
  if (text === undefined) return undefined;
  const instant = DATE.test(text) || INSTANT.test(text) ? instantOfText(text, UTC) : Number.NaN;
  if (Number.isNaN(instant)) {
    throw new UsageError(
      `--${name}: is "${text}"; give an instant with its zone, such as 2026-03-02T10:40:05Z, or a date, such as 2026-03-02`,
    );
  }
  return instant;
}

/** A whole number of at least `least` in a flag. */
export function wholeFlag(
  context: Pick<CommandContext, 'flags'>,
  name: string,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): number | undefined {
  const text = textFlag(context, name);
  if (text === undefined) return undefined;
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `${least}..${most}`;
  throw new UsageError(`--${name}: is "${text}"; give a whole number ${range}`);
}

/** One of some words in a flag. */
export function oneOfFlag(
  context: Pick<CommandContext, 'flags'>,
  name: string,
  words: readonly string[],
): string | undefined {
  const text = textFlag(context, name);
  if (text === undefined || words.includes(text)) return text;
  throw new UsageError(`--${name}: is "${text}"; give one of ${words.join(', ')}`);
}
