import { defineConfig } from 'vitest/config';

/** The tests of `npm test`: everything that needs neither a server nor the network. */
// biome-ignore lint/style/noDefaultExport: vitest reads the default export
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/integration/**'],
    testTimeout: 30_000,
    retry: 0,
    allowOnly: false,
  },
});
