import { defineConfig } from 'vitest/config';

/**
 * Suites of ports against servers that others wrote: npm run prove -- --part servers. Each fetches its server from a package
 * registry, starts it on the loopback and stops it.
 */
// biome-ignore lint/style/noDefaultExport: vitest reads the default export
export default defineConfig({
  test: {
    include: ['test/servers/**/*.test.ts'],
    testTimeout: 3 * 60_000,
    hookTimeout: 15 * 60_000,
    fileParallelism: false,
    // As scripts/run.mjs has it: tests start and end worker threads by the hundred.
    execArgv: ['--no-memory-protection-keys'],
    retry: 0,
    allowOnly: false,
  },
});
