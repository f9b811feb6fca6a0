import { acquireFlags } from '../../download/flags.ts';
import { klogFlags, launcherFlags } from '../flags/launcher-flags.ts';
import { renderHelp } from '../help/render-help.ts';
import { screenOf } from '../help/screen.ts';
import { defineCommand } from './command.ts';

export const options = defineCommand({
  usage: ['options'],
  about: 'Lists the common flags, which every deployer takes in addition to its own.',
  flags: {},
  args: [0, 0],
  run: async (_line, world) => {
    world.stdout.write(
      renderHelp({
        program: 'kubetest2-ts',
        usage: ['DEPLOYER [flags] -- [tester args]'],
        about: 'Every deployer takes these flags in addition to its own.',
        sections: [
          { title: 'Common flags', flags: launcherFlags },
          { title: 'Common flags', flags: klogFlags },
          { title: 'Downloads', flags: acquireFlags },
        ],
        ...screenOf(world),
      }),
    );
    return 0;
  },
});
