/**
 * A system outside did not do what was asked of it, and may the next time: it was out of reach, too slow, too busy, or
 * another got in between. Every other error of an adapter lasts until somebody changes something.
 */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
  /** Whose failures are counted together, such as `S3`. */
  readonly system: string;
  /**
   * @param tried what was asked of which place
   * @param cause said behind it; secrets and contents must not be in its text
   */
  constructor(system: string, tried: string, cause: Error) {
    super(`${system}: ${tried}: ${cause.message}`, { cause });
    this.system = system;
  }
}
