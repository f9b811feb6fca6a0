import { defineConfig } from 'vitest/config';

/** Suites against a real kind cluster: they need Docker and a node image. */
export default defineConfig({
  test: {
    include: ['test/cluster/**/*.test.ts'],
    pool: 'threads',
    fileParallelism: false,
    testTimeout: 900_000,
    hookTimeout: 900_000,
    globalSetup: ['test/global-setup.ts', 'test/helpers/cluster/daemon.ts'],
  },
});
