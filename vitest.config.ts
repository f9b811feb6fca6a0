import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/real/**', 'test/cluster/**'],
    pool: 'threads',
    testTimeout: 30_000,
    maxConcurrency: 8,
    hookTimeout: 30_000,
    globalSetup: ['test/build.ts'],
  },
});
