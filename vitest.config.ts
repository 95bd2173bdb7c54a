import { defineConfig } from 'vitest/config';

/** The tests of `npm test`: everything that needs neither a server nor the network. */
// biome-ignore lint/style/noDefaultExport: vitest reads the default export
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/integration/**'],
    // A machine may be busy with other things: a limit is there to end what hangs.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // As scripts/run.mjs has it: tests start and end worker threads by the hundred.
    execArgv: ['--no-memory-protection-keys'],
    retry: 0,
    allowOnly: false,
    // Left to itself, vitest keeps one processor free: of the two that CI has, half.
    maxWorkers: '100%',
  },
});
