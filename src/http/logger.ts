import { type Logger, pino } from 'pino';
import type { Settings } from '../config/settings.ts';
import type { Log, LogFields } from '../consumers/log.ts';
import { hideCredentials } from './hidden-credentials.ts';

export interface LogOptions {
  readonly level: Settings['log.level'];
  /** What tells this process from others whose lines come together, such as `<host name>/<process id>`. */
  readonly instance: string;
  /** ms UTC. */
  readonly clock: () => number;
  /** Takes whole lines, their ends included. */
  readonly out: { write(line: string): unknown };
}

/**
 * A log of JSON lines: `time` (UTC), `level`, `instance`, what the line is about, its own fields, `msg`. Credentials in addresses are
 * hidden, wherever they stand.
 */
export function openLog({ level, instance, clock, out }: LogOptions): Log {
  const logger = pino(
    {
      level,
      base: { instance },
      timestamp: () => `,"time":"${new Date(clock()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    out as { write(line: string): void },
  );
  return logTo(logger);
}

function logTo(logger: Logger): Log {
  return {
    debug: (what, fields) => logger.debug(shown(fields), hideCredentials(what)),
    info: (what, fields) => logger.info(shown(fields), hideCredentials(what)),
    warn: (what, fields) => logger.warn(shown(fields), hideCredentials(what)),
    error: (what, fields) => logger.error(shown(fields), hideCredentials(what)),
    about: (subject) => logTo(logger.child(shown(subject))),
  };
}

const shown = (fields: LogFields = {}): LogFields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? hideCredentials(value) : value]),
  );
