import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/commands/command.ts';
import { describeFailure } from '../../src/commands/failure.ts';
import { SettingsError } from '../../src/config/settings-table.ts';
import { SpecError } from '../../src/config/spec-payload.ts';

describe('what is told of an error', () => {
  it.each([new UsageError('--input: is missing'), new SettingsError(['a', 'b']), new SpecError(['a'])])(
    'of the call, a setting or a spec is its message: %s',
    (error) => {
      expect(describeFailure(error)).toEqual({ text: error.message, exitCode: 2 });
    },
  );

  it('of the work or the system is its message', () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    expect(describeFailure(full)).toEqual({ text: 'error: ENOSPC: no space left on device, write', exitCode: 1 });
    expect(describeFailure(new Error('run it again'))).toEqual({ text: 'error: run it again', exitCode: 1 });
    expect(describeFailure('odd')).toEqual({ text: 'error: odd', exitCode: 1 });
  });

  it('that nobody meant to throw is asked to be reported, with its stack', () => {
    const { text, exitCode } = describeFailure(new TypeError('x is undefined'));
    expect(exitCode).toBe(1);
    expect(text).toMatch(
      /^error: a defect of ndr; please report it with these lines:\nTypeError: x is undefined\n +at /,
    );
  });
});
