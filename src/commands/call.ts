import { suggestion } from '../config/nearest-key.ts';
import { backfill } from './backfill.ts';
import { baselines } from './baselines.ts';
import { type Command, type CommandContext, EXIT, type Flags, UsageError } from './command.ts';
import { demoIn } from './demo.ts';
import { diff } from './diff.ts';
import { doctor } from './doctor.ts';
import { catalog } from './feature-catalog.ts';
import { parseFlags } from './flags.ts';
import { renderCommandHelp, renderHelp } from './help.ts';
import { readHomeSettings, SETTING_FLAGS } from './home-settings.ts';
import { provision } from './provision.ts';
import { rebuildIndex } from './rebuild-index.ts';
import { replay } from './replay.ts';
import { retain } from './retain.ts';
import { runBatch } from './run-batch.ts';
import { serveIn } from './serve.ts';
import { simulate } from './simulate.ts';
import type { Surroundings } from './surroundings.ts';
import { verify } from './verify.ts';

const COMMON: Flags = {
  home: { type: 'string', value: 'DIR', doc: 'Folder of specs, lake and state (default ./ndr-home).' },
  project: { type: 'string', value: 'NAME', doc: 'Project to act on (default "default").' },
  json: { type: 'boolean', doc: 'Results as JSON lines on standard output; all else goes to standard error.' },
  help: { type: 'boolean', doc: 'Show this.' },
};

/** What the program is called with, beside its arguments. */
export interface Caller extends Omit<CommandContext, 'settings' | 'flags'> {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly surroundings: Surroundings;
}

/** Carries out `ndr <args>` and returns the exit code. Throws what `describeFailure` describes. */
export async function carryOut(args: readonly string[], { env, surroundings, ...caller }: Caller): Promise<number> {
  const commands = {
    demo: demoIn(surroundings),
    simulate,
    backfill,
    'run-batch': runBatch,
    serve: serveIn(surroundings),
    baselines,
    replay,
    diff,
    verify,
    retain,
    'rebuild-index': rebuildIndex,
    doctor,
    provision,
    catalog,
  };
  const { terminal } = caller;
  const [first, ...rest] = args;
  if (first === undefined || ((first === 'help' || first === '--help' || first === '-h') && rest.length === 0)) {
    terminal.out(renderHelp(commands, COMMON));
    return first === undefined ? EXIT.usage : EXIT.done;
  }
  if (first === '--version') {
    terminal.out(caller.codeVersion);
    return EXIT.done;
  }
  const [name, ...flagArgs] = first === 'help' ? [...rest, '--help'] : args;
  const command = commandOf(commands, name!);
  const flags = parseFlags(flagArgs, { ...SETTING_FLAGS, ...command.flags, ...COMMON }, name!);
  if (flags['help'] === true) {
    terminal.out(renderCommandHelp(command, COMMON));
    return EXIT.done;
  }
  return command.run({ ...caller, flags, settings: readHomeSettings(flags, env) });
}

function commandOf(commands: Readonly<Record<string, Command>>, name: string): Command {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command !== undefined) return command;
  const names = Object.keys(commands);
  if (name.startsWith('-'))
    throw new UsageError(
      `${name}: the command comes first: ndr COMMAND [flags], the commands being ${names.join(', ')}`,
    );
  throw new UsageError(`${name}: no such command${suggestion(name, names) || `; there are ${names.join(', ')}`}`);
}
