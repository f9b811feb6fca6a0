import { programVersion } from '../../runtime/build-info.ts';
import { defineCommand } from './command.ts';

export const version = defineCommand({
  usage: ['version'],
  about: 'Prints the version of this program and of the runtime it runs on.',
  flags: {},
  args: [0, 0],
  run: async (_line, { stdout, runtime }) => {
    stdout.write(versionLine(runtime));
    return 0;
  },
});

/** The line of `version` and `--version`. */
export const versionLine = (runtime: string): string => `kubetest2-ts version ${programVersion()} (${runtime})\n`;
