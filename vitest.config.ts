import { defineConfig } from 'vitest/config';

// These start the built program, again and again.
const e2e = 'test/e2e/**/*.test.ts';
const elsewhere = ['test/real/**', 'test/cluster/**', 'test/faults/**'];

/** Everything that needs nothing but this repository. `npm test -- --project=unit` leaves out what starts the program. */
export default defineConfig({
  test: {
    // Not threads: signals reach processes, and a script that one thread writes is busy while another one forks.
    pool: 'forks',
    // Most tests wait for the processes they started.
    maxWorkers: 4,
    maxConcurrency: 8,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    globalSetup: ['test/global-setup.ts'],
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: [...elsewhere, e2e] } },
      { extends: true, test: { name: 'e2e', include: [e2e] } },
    ],
  },
});
