import { constants } from 'node:os';

const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** npm and a process group both deliver a stop request; repeats within this time are one request. */
const SAME_REQUEST_MS = 1000;

export const exitCodeOf = (signal) => 128 + constants.signals[signal];

/**
 * Waits for a child and passes stop signals on to it meanwhile; what a signal means is the child's decision.
 * Resolves to the exit code: the child's own, or 128 + the number of the signal that ended it.
 */
export function outcomeOf(child, { sharesTerminal = false, onSignal = () => {} } = {}) {
  const sentAt = new Map();
  const passOn = (signal) => {
    onSignal(signal);
    if (signal === 'SIGINT' && sharesTerminal) return;
    const now = performance.now();
    if (now - (sentAt.get(signal) ?? Number.NEGATIVE_INFINITY) < SAME_REQUEST_MS) return;
    sentAt.set(signal, now);
    child.kill(signal);
  };
  for (const signal of PASSED_ON) process.on(signal, passOn);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? exitCodeOf(signal)));
  }).finally(() => {
    for (const signal of PASSED_ON) process.off(signal, passOn);
  });
}
