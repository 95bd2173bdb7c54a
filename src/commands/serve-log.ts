import type { Log, LogSubject } from '../consumers/log.ts';
import type { StreamName } from '../consumers/stream-name.ts';
import type { Taken } from '../consumers/take-mini-batch.ts';
import { formatInstant } from '../operators/time.ts';
import type { CommandContext } from './command.ts';
import { warningsOf, whyOf } from './report.ts';
import type { Surroundings } from './surroundings.ts';

/** What ndr serve says of its work, beside its results. */
export interface ServeLog {
  warn(text: string, stream?: StreamName): void;
  /** What became of a mini-batch, as far as its result does not say it. */
  taken(stream: StreamName, taken: Taken): void;
  /** For what has a log of its own. */
  readonly log: Log;
}

const NO_LOG: Log = { debug() {}, info() {}, warn() {}, error() {}, about: () => NO_LOG };

/** Notes for people, as the other commands have them. */
export function plainLog({ terminal }: Pick<CommandContext, 'terminal'>): ServeLog {
  const warn = (text: string): void => terminal.note(text.startsWith('error: ') ? text : `warning: ${text}`);
  const log: Log = { ...NO_LOG, warn, error: (text) => terminal.note(`error: ${text}`), about: () => log };
  return {
    log,
    warn,
    taken(_stream, taken) {
      for (const warning of warningsOf(taken)) warn(warning);
    },
  };
}

/** JSON lines on standard error: from now on all notes go there, also those of whoever knows nothing of the log. */
export async function jsonLog(
  { settings, clock }: Pick<CommandContext, 'settings' | 'clock'>,
  { instance, notes }: Surroundings,
): Promise<ServeLog> {
  const { openLog } = await import('../http/logger.ts');
  const write = notes.redirectNotes((line) => noteIn(log, line));
  const log = openLog({ level: settings['log.level'], instance, clock, out: { write } });
  const subjectOf = ({ project, version }: StreamName): LogSubject => ({ project, feature_spec_version: version });
  return {
    log,
    warn(text, stream) {
      const about = stream === undefined ? log : log.about(subjectOf(stream));
      noteIn(about, text.startsWith('error: ') ? text : `warning: ${text}`);
    },
    taken(stream, taken) {
      const about = log.about({ ...subjectOf(stream), mini_batch_id: taken.miniBatchId });
      if (taken.is === 'poison') return about.error('mini-batch failed', { why: taken.why });
      if (taken.is === 'error') return about.warn('mini-batch met an error; it is tried again', { why: whyOf(taken) });
      const fields = { slice_end_ts: formatInstant(taken.sliceEnd), revision: taken.revision };
      if (taken.is === 'skipped') return about.debug('mini-batch stands', { ...fields, why: taken.why });
      const { lines, rejected, affects } = taken;
      for (const warning of taken.warnings) about.warn(warning);
      about.info(`mini-batch ${taken.is}`, { ...fields, lines, rejected, affects: affects.length });
    },
  };
}

/** The severity of a note for people is its first word. */
function noteIn(log: Log, line: string): void {
  const [, severity, text = ''] = /^(?:(error|warning): )?([\s\S]*)$/.exec(line) ?? [];
  if (severity === 'error') log.error(text);
  else if (severity === 'warning') log.warn(text);
  else log.info(text);
}
