import { defineConfig } from 'vitest/config';

/** Suites against servers that others wrote, which `npm run prove` starts: each file is told by the environment where. */
// biome-ignore lint/style/noDefaultExport: vitest reads the default export
export default defineConfig({
  test: {
    include: ['test/servers/**/*.suite.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    execArgv: ['--no-memory-protection-keys'],
    retry: 0,
    allowOnly: false,
  },
});
