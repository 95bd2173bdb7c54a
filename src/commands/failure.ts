import { SettingsError } from '../config/settings-table.ts';
import { SpecError } from '../config/spec-payload.ts';
import { EXIT, UsageError } from './command.ts';

export interface Failure {
  readonly text: string;
  readonly exitCode: number;
}

/**
 * What to tell of an error that ended a command. Ours and the system's say in their message what is wrong; a stack is
 * shown only for what no input should bring about.
 */
export function describeFailure(error: unknown): Failure {
  if (error instanceof UsageError || error instanceof SettingsError || error instanceof SpecError) {
    return { text: error.message, exitCode: EXIT.usage };
  }
  if (!(error instanceof Error)) return { text: `error: ${String(error)}`, exitCode: EXIT.failed };
  if (isDefect(error)) {
    const text = `error: a defect of ndr; please report it with these lines:\n${error.stack ?? error.message}`;
    return { text, exitCode: EXIT.failed };
  }
  return { text: `error: ${error.message}`, exitCode: EXIT.failed };
}

/** Errors that the language itself throws. The system's have a code. */
const isDefect = (error: Error): boolean =>
  !('code' in error) && [TypeError, RangeError, ReferenceError, SyntaxError].some((kind) => error instanceof kind);
