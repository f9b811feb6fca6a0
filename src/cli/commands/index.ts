import type { ListedCommand } from './command.ts';

/** The launcher's commands. Summaries are here so that listing the commands loads none of them. */
export const commands: readonly ListedCommand[] = [
  {
    name: 'list',
    summary: 'List deployers and testers with version and origin',
    load: async () => (await import('./list.ts')).list,
  },
  {
    name: 'status',
    summary: 'List runs: state, last step, age, cluster',
    load: async () => (await import('./status.ts')).status,
  },
  {
    name: 'doctor',
    summary: 'Check this machine for what runs need',
    load: async () => (await import('./doctor.ts')).doctor,
  },
  {
    name: 'pin',
    summary: 'Write a pins file: URLs and checksums of what a run downloads',
    load: async () => (await import('./pin.ts')).pin,
  },
  {
    name: 'cache',
    summary: 'List, verify or prune cached downloads',
    load: async () => (await import('./cache.ts')).cache,
  },
  {
    name: 'perf',
    summary: 'Compare two clusterloader2 runs',
    load: async () => (await import('./perf.ts')).perf,
  },
  {
    name: 'migrate',
    summary: 'Translate Prow jobs of kubetest and its scenarios',
    load: async () => (await import('./migrate.ts')).migrate,
  },
  {
    name: 'canary',
    summary: 'Promote a canary job: non-optional, then blocking',
    load: async () => (await import('./canary.ts')).canary,
  },
  {
    name: 'stability',
    summary: 'Compare a canary job with the job it replaces: may it be promoted?',
    load: async () => (await import('./stability.ts')).stability,
  },
  {
    name: 'link',
    summary: "Link kubetest2's own program names to this program",
    load: async () => (await import('./link.ts')).link,
  },
  {
    name: 'completion',
    summary: 'Print a shell completion script',
    load: async () => (await import('./completion.ts')).completion,
  },
  {
    name: 'options',
    summary: 'List the common flags',
    load: async () => (await import('./options.ts')).options,
  },
  {
    name: 'help',
    summary: 'Print help for a deployer or a command',
    load: async () => (await import('./help.ts')).help,
  },
  {
    name: 'version',
    summary: 'Print the version',
    load: async () => (await import('./version.ts')).version,
  },
  {
    name: 'keep-lease',
    summary: 'Keep the Boskos lease of a run between its calls',
    hidden: true,
    load: async () => (await import('./keep-lease.ts')).keepLease,
  },
  {
    name: 'complete-words',
    summary: 'Print completions for a command line; called by completion scripts',
    hidden: true,
    load: async () => (await import('./complete-words.ts')).completeWords,
  },
];

export const commandNames = commands.filter(({ hidden }) => !hidden).map(({ name }) => name);

export function findCommand(name: string): ListedCommand | undefined {
  return commands.find((command) => command.name === name);
}
