/** Something about a home that its operator should know. */
export interface Finding {
  /** error: rows are missing or wrong, or will be. warning: look at it. info: as it should be. */
  readonly severity: 'error' | 'warning' | 'info';
  /** What was looked at, as one word. */
  readonly check: string;
  readonly what: string;
  /** A command to type, or what else to do; null: nothing. */
  readonly remedy: string | null;
}

export const error = (check: string, what: string, remedy: string): Finding => ({
  severity: 'error',
  check,
  what,
  remedy,
});
export const warning = (check: string, what: string, remedy: string): Finding => ({
  severity: 'warning',
  check,
  what,
  remedy,
});
export const info = (check: string, what: string, remedy: string | null = null): Finding => ({
  severity: 'info',
  check,
  what,
  remedy,
});
