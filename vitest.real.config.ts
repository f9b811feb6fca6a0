import { defineConfig } from 'vitest/config';

/** Suites against real programs: `npm run components` builds those. One file at a time, since clusters are heavy. */
export default defineConfig({
  test: {
    include: ['test/real/**/*.test.ts'],
    pool: 'threads',
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 300_000,
    globalSetup: ['test/global-setup.ts', 'test/helpers/real/setup.ts', 'test/helpers/real/shared-control-plane.ts'],
  },
});
