import type { Log } from '../../src/consumers/log.ts';
import { type LogOptions, openLog } from '../../src/http/logger.ts';

export interface LoggedLines {
  readonly log: Log;
  /** As they were written. */
  text(): string;
  lines(): Record<string, unknown>[];
}

/** A log that is kept. Its clock stands at noon of 1 March 2026. */
export function loggedLines(level: LogOptions['level'] = 'debug'): LoggedLines {
  let text = '';
  const out = {
    write(line: string) {
      text += line;
    },
  };
  return {
    log: openLog({ level, instance: 'worker-1/7', clock: () => Date.UTC(2026, 2, 1, 12), out }),
    text: () => text,
    lines: () =>
      text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}
