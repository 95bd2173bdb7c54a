import { defineConfig } from 'vitest/config';

/** The tests of `npm run test:integration`: whole processes, killed and restarted. */
// biome-ignore lint/style/noDefaultExport: vitest reads the default export
export default defineConfig({
  test: {
    include: ['test/integration/**/*.test.ts'],
    testTimeout: 5 * 60_000,
    hookTimeout: 5 * 60_000,
    // While the processes of one file wait, those of the other compute; more at a time would be late with their messages.
    maxWorkers: 2,
    // As scripts/run.mjs has it: tests start and end worker threads by the hundred.
    execArgv: ['--no-memory-protection-keys'],
    retry: 0,
    allowOnly: false,
  },
});
