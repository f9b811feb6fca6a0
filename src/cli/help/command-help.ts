import type { Flags } from '../../api/flags.ts';
import type { World } from '../../runtime/world.ts';
import { commandCommonFlags } from '../flags/common-flags.ts';
import { renderHelp } from './render-help.ts';
import { screenOf } from './screen.ts';

/** The parts of a Command that its help shows. */
export interface CommandText {
  readonly usage: readonly string[];
  readonly about: string;
  readonly examples?: readonly string[];
  readonly flags: Flags;
}

/** The help of one command. */
export function commandHelp(command: CommandText, world: Pick<World, 'stdout' | 'env'>): string {
  return renderHelp({
    program: 'kubetest2-ts',
    usage: command.usage,
    about: command.about,
    sections: [{ title: 'Flags', flags: { ...command.flags, ...commandCommonFlags } }],
    examples: command.examples ?? [],
    ...screenOf(world),
  });
}
