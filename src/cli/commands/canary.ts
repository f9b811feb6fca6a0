import { resolve } from 'node:path';
import { UsageError } from '../../api/errors.ts';
import { oneOf, optional, text, toggle, type Values } from '../../api/flags.ts';
import { writeAtomic } from '../../system/atomic-write.ts';
import { type CommandWorld, defineCommand } from './command.ts';
import { readPattern } from './migrate.ts';

const flags = {
  only: text('A regular expression for the name of the job or of its canary. Required.'),
  to: optional(
    oneOf(
      'The step: non-optional runs the canary as its job runs and still blocks nothing; blocking makes it block in the place of its job. Required.',
      ['non-optional', 'blocking'],
      'non-optional',
      { also: { required: 'non-optional' } },
    ),
  ),
  suffix: text('What the names of canaries end in.', '-canary'),
  format: optional(oneOf('What is printed. Default: diff, with --write nothing.', ['diff', 'yaml', 'report'], 'diff')),
  write: toggle('Replace the files that change.'),
  report: text('A file for the report, as JSON.'),
} as const;

type CanaryFlags = Values<typeof flags>;

export const canary = defineCommand({
  usage: ['canary promote PATH... --only=REGEX --to=STEP [flags]'],
  about:
    'Moves canaries that migrate --canary made a step on: first non-optional, then blocking. Nothing is renamed or ' +
    'deleted. Prints a diff and writes nothing unless --write is set.',
  examples: ['kubetest2-ts canary promote config/jobs --only=^pull-kubernetes-e2e-gce$ --to=non-optional --write'],
  flags,
  args: [2, Number.POSITIVE_INFINITY],
  argChoices: [['promote']],
  exitCodes: {
    0: 'every canary that was asked for moved on',
    1: 'at least one could not, all others did',
    2: 'the command line is wrong, no canary matches, or a file cannot be read or is not YAML; nothing was printed or written',
    3: 'a file cannot be written',
  },
  run: async ({ flags: values, args: [verb, ...paths] }, world) => {
    if (verb !== 'promote') throw new UsageError(`canary: unknown verb ${JSON.stringify(verb)}; use canary promote`);
    return await promoteCanaries(values, paths, world);
  },
});

async function promoteCanaries(values: CanaryFlags, paths: readonly string[], world: CommandWorld): Promise<number> {
  const only = readPattern(values.only);
  const { to } = values;
  if (!only)
    throw new UsageError('--only is not set: name the canaries, for instance --only=^pull-kubernetes-e2e-gce$');
  if (to === undefined) throw new UsageError('--to is not set: use non-optional or blocking');
  if (values.suffix === '') throw new UsageError('--suffix is empty: a canary has a name of its own');
  const { readTree } = await import('../../migrate/read/tree.ts');
  const { promoteTree } = await import('../../migrate/tree/promote-tree.ts');
  const sources = readTree(paths, world.cwd);
  if (values.format === 'yaml' && sources.length !== 1) {
    throw new UsageError(`--format=yaml prints one file, and PATH names ${sources.length}: name one`);
  }
  const { files, reports } = await promoteTree(sources, { only, to, suffix: values.suffix });
  if (reports.length === 0) {
    throw new UsageError(
      `--only=${values.only}: no job with such a name has a canary with the suffix ${values.suffix}`,
    );
  }
  if (values.report !== '') {
    const { reportJson } = await import('../../migrate/report/report.ts');
    writeAtomic(resolve(world.cwd, values.report), reportJson(reports));
  }
  if (values.write) {
    const { writeFiles } = await import('../../migrate/tree/write-files.ts');
    writeFiles(files.filter(({ before, after }) => before !== after).map(({ path, after }) => ({ path, text: after })));
  }
  const { fullReport, overview } = await import('../../migrate/report/overview.ts');
  const format = values.format ?? (values.write ? undefined : 'diff');
  if (format === 'yaml') world.stdout.write(files[0]?.after ?? '');
  if (format === 'report') world.stdout.write(fullReport(reports));
  if (format === 'diff') {
    const { unifiedDiff } = await import('../../migrate/report/diff.ts');
    world.stdout.write(await unifiedDiff(files));
  }
  world.stderr.write(overview(reports, []));
  return reports.some(({ verdict }) => verdict === 'refused') ? 1 : 0;
}
