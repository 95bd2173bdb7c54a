/** The reader under damaged bytes, for half a minute of a processor; `npm run prove -- --part fuzz` goes on for ten. */

import { expect, it } from 'vitest';
import { fuzzReader } from '../support/reader-fuzz.ts';

const SECONDS = Number(process.env['FUZZ_SECONDS'] ?? 30);
const SEED = Number(process.env['FUZZ_SEED'] ?? 1);

it(
  `reads ${SECONDS} s of damaged logs (seed ${SEED}) without a crash or a hang, and as JSON.parse and the judge do`,
  () => {
    const until = Date.now() + SECONDS * 1000;
    const { user, system } = process.cpuUsage();
    // Beside other tests half a minute of the clock is less of work.
    const isOver = (): boolean => {
      const used = process.cpuUsage();
      return Date.now() > until && used.user + used.system - user - system > SECONDS * 1e6;
    };
    const { faults, trials, lines, records, fast } = fuzzReader(SEED, isOver);
    expect(faults).toEqual([]);
    // Else it was noise alone, or nothing but sound lines, and proves little.
    expect(trials).toBeGreaterThan(SECONDS);
    expect(records).toBeGreaterThan(lines / 4);
    expect(fast).toBeGreaterThan(lines / 10);
    expect(lines - records).toBeGreaterThan(lines / 10);
  },
  SECONDS * 10_000 + 60_000,
);
