import { Unavailable } from './unavailable.ts';

/**
 * A system outside will not do what is asked of it: it wants a permission, valid credentials, a right clock, or the bucket or
 * table that was named. So it stays until somebody changes that, and it says nothing of what was to be done there.
 */
export class Refused extends Error {
  override readonly name = 'Refused';
  /** Such as `S3`. */
  readonly system: string;
  /** Nothing can be had of the whole system; else other places of it may be open. */
  readonly isWhole: boolean;
  /** What was asked of which place, what was answered, and the remedy; no secrets, no contents. */
  readonly told: string;
  constructor(system: string, told: string, isWhole: boolean) {
    super(`${system}: ${told}`);
    this.system = system;
    this.isWhole = isWhole;
    this.told = told;
  }

  /** The same where one place is as much as all. */
  ofAll(): Refused {
    return new Refused(this.system, this.told, true);
  }
}

/** Whether a system outside is why something was not done, and not what was to be done. */
export const isOfSystem = (error: unknown): error is Unavailable | Refused =>
  error instanceof Unavailable || error instanceof Refused;
