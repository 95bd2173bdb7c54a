/**
 * A system outside did not do what was asked of it, and may the next time: it was out of reach, too slow, too busy, or
 * another got in between. Every other error of an adapter lasts until somebody changes something; `Refused` tells of those that
 * say nothing of what was to be done.
 */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
  /** Whose failures are counted together, such as `S3`. */
  readonly system: string;
  /** What was asked of which place. */
  readonly tried: string;
  /**
   * @param cause said behind it; secrets and contents must not be in its text
   */
  constructor(system: string, tried: string, cause: Error) {
    super(`${system}: ${tried}: ${cause.message}`, { cause });
    this.system = system;
    this.tried = tried;
  }
}
