/** The reader takes damaged bytes for what they are. */

import { fuzzReader } from '../../test/support/reader-fuzz.ts';
import { count, type Section } from './evidence.ts';

const SAY_EVERY = 60_000;

export function proveFuzz(
  { seconds, seed }: { readonly seconds: number; readonly seed: number },
  say: (line: string) => void,
): Section {
  const until = Date.now() + seconds * 1000;
  let next = Date.now() + SAY_EVERY;
  const report = fuzzReader(seed, (trials) => {
    const now = Date.now();
    if (now > next) {
      say(`fuzz: ${count(trials)} trials, ${Math.round((until - now) / 1000)} s left`);
      next = now + SAY_EVERY;
    }
    return now > until;
  });
  const { trials, bytes, lines, records, fast, slowestMs, faults } = report;
  return {
    faults,
    lines: [
      `Sound lines and those of the poison set, mutated by chance (seed ${seed}) for ${count(seconds)} s: bits flipped, bytes and tokens put in, stretches cut,`,
      'doubled, moved and spliced, text that is not UTF-8, values beyond the longest line; then cut into chunks anywhere, down to single bytes.',
      '',
      `- ${count(trials)} trials, ${count(bytes)} bytes, ${count(lines)} lines, of which ${count(records)} were still JSON objects; the fast path read ${count(fast)}.`,
      `- No crash, and no hang: the slowest trial took ${count(Math.ceil(slowestMs))} ms, judge included.`,
      '- Every trial gave the same flows, counts and rejected lines whole and in chunks, on the fast path and by JSON.parse, and those of a judge that',
      '  shares no code with the reader.',
    ],
  };
}
