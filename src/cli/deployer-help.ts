import type { DeployerKind } from '../api/deployer.ts';
import type { TesterKind } from '../api/tester.ts';
import { acquireFlags } from '../download/flags.ts';
import type { World } from '../runtime/world.ts';
import { type ChosenTester, testerCommonFlags } from './choose-tester.ts';
import { type HelpSection, renderHelp } from './flags/help.ts';
import { klogFlags, launcherFlags } from './flags/launcher-flags.ts';

/** The help of a deployer: common flags, its own, and those of the tester that the command line names. */
export async function deployerHelp(
  kind: DeployerKind,
  chosen: ChosenTester | undefined,
  world: Pick<World, 'stdout' | 'env'>,
): Promise<string> {
  const sections: HelpSection[] = [
    { title: 'Common flags', flags: launcherFlags },
    { title: 'Common flags', flags: klogFlags },
    { title: 'Downloads', flags: acquireFlags },
    { title: `Flags of the deployer ${kind.name}`, flags: kind.flags },
  ];
  if (chosen?.kind) sections.push({ title: `Flags of the tester ${chosen.name}, after --`, flags: chosen.kind.flags });
  const help = renderHelp({
    program: `kubetest2-ts ${kind.name}`,
    usage: [
      chosen?.kind?.usage?.split('\n')[0]
        ? `[flags] --test=${chosen.name} ${chosen.kind.usage.split('\n')[0]}`
        : '[flags] -- [tester args]',
    ],
    about: `${kind.name} ${kind.summary}.`,
    sections,
    ...screen(world),
  });
  const notes = chosen?.kind?.usage?.split('\n').slice(1) ?? [];
  const foreign = chosen?.path ? [`${chosen.path} --help lists the flags of the tester ${chosen.name}.`] : [];
  return [help, ...notes, ...foreign].join('\n').replace(/\n*$/, '\n');
}

/** The help of a tester that is called as a program of its own. */
export function testerHelp(kind: TesterKind, program: string, world: Pick<World, 'stdout' | 'env'>): string {
  const [usage = '[flags]', ...notes] = kind.usage?.replace(/^-- /, '').split('\n') ?? [];
  const sections = kind.takesWords
    ? []
    : [
        { title: `Flags of the tester ${kind.name}`, flags: kind.flags },
        { title: 'Downloads', flags: acquireFlags },
        { title: 'Common flags', flags: { ...testerCommonFlags, ...klogFlags } },
      ];
  const help = renderHelp({
    program,
    usage: [usage],
    about: `${kind.name} ${kind.summary}.`,
    sections,
    ...screen(world),
  });
  return [help, ...notes].join('\n').replace(/\n*$/, '\n');
}

const screen = ({ stdout, env }: Pick<World, 'stdout' | 'env'>) => ({
  width: stdout.columns ?? (Number(env['COLUMNS']) || undefined),
  colour: stdout.isTTY === true && !env['NO_COLOR'],
});
