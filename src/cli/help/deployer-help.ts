import type { DeployerKind } from '../../api/deployer.ts';
import type { Flags } from '../../api/flags.ts';
import type { TesterKind } from '../../api/tester.ts';
import { acquireFlags } from '../../download/flags.ts';
import type { World } from '../../runtime/world.ts';
import { testerCommonFlags } from '../flags/common-flags.ts';
import { klogFlags, launcherFlags } from '../flags/launcher-flags.ts';
import { MORE, renderHelp } from './render-help.ts';
import { screenOf } from './screen.ts';

/** The tester that a command line names: a built-in one (`kind`) or a program on PATH (`path`). */
export interface NamedTester {
  readonly name: string;
  readonly kind: TesterKind | undefined;
  readonly path: string | undefined;
}

/** The help of a deployer: its own flags, those of the tester in the command line, and the most used common flags. */
export function deployerHelp(
  kind: DeployerKind,
  chosen: NamedTester | undefined,
  world: Pick<World, 'stdout' | 'env'>,
): string {
  const [testerUsage = '-- [tester args]', ...notes] = chosen?.kind?.usage?.split('\n') ?? [];
  const tester = chosen === undefined ? '' : ` --test=${chosen.name}`;
  return renderHelp({
    program: `kubetest2-ts ${kind.name}`,
    usage: [`[flags]${tester} ${testerUsage}`],
    about: `${kind.summary}.`,
    sections: [
      { title: `Flags of the ${kind.name} deployer`, flags: kind.flags },
      ...(chosen?.kind ? [{ title: `Flags of the ${chosen.name} tester, after --`, flags: chosen.kind.flags }] : []),
      { title: 'Common flags', flags: briefFlags },
    ],
    examples: [...(kind.examples ?? []), ...(chosen?.kind?.examples ?? [])],
    footer: [
      ...notes,
      ...(chosen?.path ? [`Run "${chosen.path} --help" for the flags of the ${chosen.name} tester.`] : []),
      'Run "kubetest2-ts options" for all common flags.',
      MORE,
    ],
    ...screenOf(world),
  });
}

const commonFlags: Flags = { ...launcherFlags, ...klogFlags };

/** The common flags that the help of every deployer lists, under one heading. */
const briefFlags: Flags = Object.fromEntries(
  Object.entries(commonFlags)
    .filter(([, flag]) => flag.more.brief)
    .map(([key, flag]) => {
      const { group: _, ...more } = flag.more;
      return [key, { ...flag, more }];
    }),
);

/**
 * The help of a tester that was started as a program of its own, which takes the flags for downloads as well; without
 * them, of a tester behind the `--` of a deployer.
 */
export function testerHelp(
  kind: TesterKind,
  program: string,
  world: Pick<World, 'stdout' | 'env'>,
  downloads: 'own' | 'of the deployer' = 'own',
): string {
  const [usage = '[flags]', ...notes] = kind.usage?.replace(/^-- /, '').split('\n') ?? [];
  const sections = kind.takesArgs
    ? []
    : [
        { title: `Flags of the ${kind.name} tester`, flags: kind.flags },
        ...(downloads === 'own' ? [{ title: 'Downloads', flags: acquireFlags }] : []),
        { title: 'Common flags', flags: { ...testerCommonFlags, ...klogFlags } },
      ];
  return renderHelp({
    program,
    usage: [usage],
    about: `${kind.summary}.`,
    sections,
    footer: [...notes, MORE],
    ...screenOf(world),
  });
}
