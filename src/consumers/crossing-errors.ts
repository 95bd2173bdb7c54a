import { Refused } from '../state/refused.ts';
import { Unavailable } from '../state/unavailable.ts';

/** An error on its way between threads, where its class and its fields would get lost. */
export type CrossingError =
  | { readonly is: 'unavailable'; readonly system: string; readonly tried: string; readonly cause: Error }
  | { readonly is: 'refused'; readonly system: string; readonly told: string; readonly isWhole: boolean }
  | { readonly is: 'other'; readonly error: unknown };

export function packError(error: unknown): CrossingError {
  if (error instanceof Unavailable) {
    const { system, tried, cause } = error;
    return { is: 'unavailable', system, tried, cause: new Error((cause as Error).message) };
  }
  if (error instanceof Refused) {
    const { system, told, isWhole } = error;
    return { is: 'refused', system, told, isWhole };
  }
  return { is: 'other', error };
}

export function unpackError(crossing: CrossingError): unknown {
  switch (crossing.is) {
    case 'unavailable':
      return new Unavailable(crossing.system, crossing.tried, crossing.cause);
    case 'refused':
      return new Refused(crossing.system, crossing.told, crossing.isWhole);
    case 'other':
      return crossing.error;
  }
}
