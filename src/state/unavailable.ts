/** A system that did not do what it was asked for, and may do it the next time: the work is not lost, only late. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
  constructor(system: string, what: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`${system}: ${what}: ${why}; it may pass, and is tried again`, { cause });
  }
}
