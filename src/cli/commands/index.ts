import type { Registry } from '../../api/registry.ts';
import type { World } from '../../runtime/world.ts';

/** The world as a command sees it: the program's, and what is built into it. */
export interface CommandWorld extends World {
  readonly registry: Registry;
}

/** A word of the launcher that is not a deployer. */
export interface Command {
  readonly name: string;
  /** What follows the name, for help. */
  readonly usage: string;
  readonly summary: string;
  /** Left out of help: for the program's own use. */
  readonly hidden?: boolean;
  /** Answers to --help itself, since it has more to tell than its usage and its summary. */
  readonly explainsItself?: boolean;
  /** From the words after the command's name to the exit code. */
  readonly run: (words: readonly string[], world: CommandWorld) => Promise<number>;
}

export const commands: readonly Command[] = [
  {
    name: 'list',
    usage: '',
    summary: 'deployers and testers: where each comes from, what it hides, its version',
    run: async (words, world) => await (await import('./list.ts')).list(words, world),
  },
  {
    name: 'status',
    usage: '[--rundir=DIR]',
    summary: 'the runs below the run dir: phase, age, cluster, torn down or not',
    run: async (words, world) => await (await import('./status.ts')).status(words, world),
  },
  {
    name: 'doctor',
    usage: '',
    summary: 'what this machine has and lacks for running tests, and what to do about it',
    run: async (words, world) => await (await import('./doctor.ts')).doctor(words, world),
  },
  {
    name: 'pin',
    usage: 'VERSION... > FILE',
    summary: 'addresses and digests of what a run fetches, for --pins FILE',
    explainsItself: true,
    run: async (words, world) => await (await import('./acquire.ts')).pin(words, world),
  },
  {
    name: 'cache',
    usage: 'list|verify|prune',
    summary: 'what has been fetched and kept',
    explainsItself: true,
    run: async (words, world) => await (await import('./acquire.ts')).cache(words, world),
  },
  {
    name: 'perf',
    usage: 'compare RUN RUN [--threshold=10%]',
    summary: 'what got slower between two runs of clusterloader2; exit code 1 when something did',
    explainsItself: true,
    run: async (words, world) => await (await import('./perf.ts')).perf(words, world),
  },
  {
    name: 'link',
    usage: 'DIR [--force]',
    summary: "kubetest2's own program names in DIR, as links to this program",
    run: async (words, world) => await (await import('./link.ts')).link(words, world),
  },
  {
    name: 'keep-lease',
    usage: 'RUNDIR',
    summary: 'holds what a run borrowed, between its calls',
    hidden: true,
    run: async (words, world) => await (await import('./keep-lease.ts')).keepLease(words, world),
  },
  {
    name: 'completion',
    usage: 'bash|zsh|fish',
    summary: 'the lines that make a shell complete the words of this program',
    run: async (words, world) => await (await import('./completion.ts')).completion(words, world),
  },
  {
    name: 'complete-words',
    usage: 'SHELL WORD...',
    summary: 'what those lines call',
    hidden: true,
    run: async (words, world) => await (await import('./completion.ts')).completeWords(words, world, commands),
  },
];

export const commandNames = commands.filter(({ hidden }) => !hidden).map(({ name }) => name);

export function findCommand(name: string): Command | undefined {
  return commands.find((command) => command.name === name);
}
