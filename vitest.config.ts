import { defineConfig } from 'vitest/config';

// Signals reach processes, and pipes are made only outside of worker threads (src/fifos.ts).
const inProcesses = ['test/command*.test.ts', 'test/signals.test.ts'];
// These start the built program, again and again.
const launching = [
  'test/{bin,commands,deployers,launch,lifecycle,plugins,testers}/**/*.test.ts',
  'test/boskos/lost.test.ts',
  'test/start.test.ts',
];
const elsewhere = ['test/real/**', 'test/cluster/**'];

/** Everything that needs nothing but this repository. `npm test -- --project='unit*'` leaves out what starts the program. */
export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 30_000,
    maxConcurrency: 8,
    globalSetup: ['test/build.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          pool: 'threads',
          include: ['test/**/*.test.ts'],
          exclude: [...elsewhere, ...inProcesses, ...launching],
        },
      },
      { extends: true, test: { name: 'unit-in-processes', pool: 'forks', include: inProcesses } },
      { extends: true, test: { name: 'program', pool: 'threads', include: launching } },
    ],
  },
});
