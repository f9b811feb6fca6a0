import { defineConfig } from 'vitest/config';

/**
 * Runs whose file operations and servers fail: a sample of them, chosen by $KUBETEST2_FAULTS_SEED. `npm run faults` tries
 * all there are.
 */
export default defineConfig({
  test: {
    include: ['test/faults/**/*.test.ts'],
    pool: 'forks',
    // The sample brings its own parallelism.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 900_000,
    globalSetup: ['test/global-setup.ts'],
  },
});
