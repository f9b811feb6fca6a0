import type { KnipConfig } from 'knip';

export default {
  // test/helpers/programs holds programs that tests put on PATH.
  entry: [
    'bin/*.ts',
    'src/index.ts',
    'scripts/*.ts',
    'scripts/*/{build,package,release,components,totals,check-bundle,style}.ts',
    'scripts/bench/**/*.ts',
    'test/helpers/programs/**/*.ts',
  ],
  project: ['{bin,src,deployers,testers,scripts,test}/**/*.ts'],
  vitest: { config: ['vitest*.config.ts'], entry: ['test/**/*.test.ts'] },
  ignoreExportsUsedInFile: true,
  ignoreBinaries: [
    'cc',
    'strace',
    'mkfifo',
    'dockerd',
    'go',
    'mmdebstrap',
    'mount',
    'openssl',
    'script',
    'sha256sum',
    'umount',
  ],
} satisfies KnipConfig;
