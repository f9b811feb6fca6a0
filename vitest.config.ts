import { defineConfig } from 'vitest/config';

// Signals reach processes, and pipes are made only outside of worker threads (src/pipe.ts).
const needProcesses = ['test/command*.test.ts', 'test/signals.test.ts'];

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
