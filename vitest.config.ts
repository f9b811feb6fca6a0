import { defineConfig } from 'vitest/config';

// Pipes are made only outside of worker threads (src/pipe.ts), so these need processes of their own.
const needProcesses = ['test/command*.test.ts'];

export default defineConfig({
  test: {
    testTimeout: 30_000,
    maxConcurrency: 8,
    hookTimeout: 30_000,
    globalSetup: ['test/build.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'threads',
          pool: 'threads',
          include: ['test/**/*.test.ts'],
          exclude: ['test/real/**', 'test/cluster/**', ...needProcesses],
        },
      },
      { extends: true, test: { name: 'processes', pool: 'forks', include: needProcesses } },
    ],
  },
});
