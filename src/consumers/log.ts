/** What a line tells beside its words. */
export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

/** What the work is about whose lines a log takes; the names are those of datasets and labels. */
export type LogSubject = {
  readonly project?: string;
  readonly feature_spec_version?: string;
  readonly mini_batch_id?: string;
};

/**
 * The log of a process that nobody watches. A line says what happened, and may have further values in its fields. Neither ever
 * holds a secret or anything that raw logs say.
 */
export interface Log {
  debug(what: string, fields?: LogFields): void;
  info(what: string, fields?: LogFields): void;
  /** Something is not as it should be, and the work goes on. */
  warn(what: string, fields?: LogFields): void;
  /** Something was not done that should have been. */
  error(what: string, fields?: LogFields): void;
  /** The same log, whose lines say what they are about. */
  about(subject: LogSubject): Log;
}
