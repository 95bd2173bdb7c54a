/** A system that the program depends on cannot be had just now: what was tried may go well later, and is tried again. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
  readonly system: string;
  constructor(system: string, what: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`${system}: ${what}: ${why}; it may pass, and is tried again`, { cause });
    this.system = system;
  }
}
