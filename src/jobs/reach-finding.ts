import { Unavailable } from '../state/unavailable.ts';
import { error, type Finding, info, warning } from './finding.ts';

/**
 * A system, or part of it, that cannot be used, as one finding. Errors of adapters say what to do behind their first
 * semicolon; what may pass has no remedy but to look at the way there.
 */
export function reachFinding(check: string, cause: unknown, wayThere: string): Finding {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (cause instanceof Unavailable) return error(check, message, wayThere);
  const end = message.indexOf('; ');
  return end < 0 ? error(check, message, wayThere) : error(check, message.slice(0, end), message.slice(end + 2));
}

/** Languages throw these of programs, not of systems. */
const DEFECTS = [TypeError, RangeError, ReferenceError, SyntaxError];

/**
 * Findings, and one more where looking is cut short by a system that does not answer. Defects are thrown on.
 * @returns whether it came to its end
 */
export async function* whileReached(
  check: string,
  findings: AsyncIterable<Finding>,
  wayThere: string,
): AsyncGenerator<Finding, boolean> {
  try {
    yield* findings;
    return true;
  } catch (cause) {
    if (DEFECTS.some((kind) => cause instanceof kind && !('code' in cause))) throw cause;
    yield reachFinding(check, cause, wayThere);
    return false;
  }
}

const WARN_MS = 30_000;
/** From here on AWS refuses what is signed. */
const REFUSED_MS = 300_000;

/** @param aheadMs of the server's clock; undefined: it did not say */
export function clockFinding(system: string, aheadMs: number | undefined): Finding {
  if (aheadMs === undefined) return info('clock', `${system} does not say what time it is there`);
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  const what = `this machine's clock is ${seconds} s ${aheadMs > 0 ? 'behind' : 'ahead of'} that of ${system}`;
  const remedy = 'set the clock of this machine and keep it in step (timedatectl set-ntp true)';
  if (Math.abs(aheadMs) > REFUSED_MS) return error('clock', `${what}; signed requests are refused`, remedy);
  if (Math.abs(aheadMs) > WARN_MS) return warning('clock', what, remedy);
  return info('clock', `this machine's clock and that of ${system} agree`);
}
