import { resolve } from 'node:path';
import { UsageError } from '../../api/errors.ts';
import { duration, each, namedFlags, oneOf, optional, text, toggle, type Values } from '../../api/flags.ts';
import type { MigrateChoices } from '../../migrate/job/migrate-file.ts';
import type { SourceFile } from '../../migrate/read/tree.ts';
import type { JobReport } from '../../migrate/report/report.ts';
import type { Migration, MigrationInput } from '../../migrate/tree/migrate-tree.ts';
import { writeAtomic } from '../../system/atomic-write.ts';
import { type CommandWorld, defineCommand } from './command.ts';

const output = { group: 'What comes out' };
const jobs = { group: 'Which jobs, and what they become' };
const canaries = { group: 'Canaries' };

const flags = {
  format: optional(
    oneOf(
      'What is printed: a unified diff for `git apply`, the whole new file (of exactly one file), or the report as text. Default: diff, with --write nothing.',
      ['diff', 'yaml', 'report'],
      'diff',
      output,
    ),
  ),
  write: toggle('Replace the files that change.', false, output),
  report: text(
    'A file for the report: JSON, or Markdown with one section for each SIG where its name ends in .md.',
    '',
    output,
  ),
  explain: text('Print both sides of the job with this name in two columns; write nothing.', '', output),
  check: toggle(
    'List the legacy jobs that block a release or a merge, and exit with 1 if there is one; write nothing.',
    false,
    output,
  ),

  only: text('A regular expression: only jobs with such a name.', '', jobs),
  presets: each('A further file or directory with presets.', jobs),
  program: text("The program's name in the new jobs.", 'kubetest2-ts', jobs),
  image: text('The image of the new jobs, without a tag: the tag stays. Empty: the image stays.', '', jobs),
  execute: oneOf(
    'What a job of execute.py becomes: noop with the exec tester, or the plain command.',
    ['exec', 'plain'],
    'exec',
    jobs,
  ),
  build: oneOf('What becomes of a job of kubernetes_build.py.', ['refuse', 'noop'], 'refuse', jobs),
  marker: each('The release a moving marker stands for, for instance k8s-stable1=1.36.', jobs),
  generated: oneOf('What becomes of the jobs of a generated file.', ['refuse', 'translate'], 'refuse', jobs),

  canary: optional({
    ...text('Leave the jobs as they are and add a shadow behind each, its name with this suffix.', '', canaries),
    bare: '-canary',
  }),
  interval: duration('How often a periodic canary runs at most.', 6 * 3600e3, canaries),
  dashboard: text(
    'The dashboard of canaries whose job is on none that they may be on.',
    'sig-testing-canaries',
    canaries,
  ),
} as const;

type MigrateFlags = Values<typeof flags>;

export const migrate = defineCommand({
  usage: ['migrate PATH... [flags]'],
  about:
    'Translates Prow jobs of kubetest, its scenarios and bootstrap.py. Every flag is accounted for; a job that cannot be ' +
    'translated is refused by name with advice, and stays as it is. PATH is a job file, or a directory with job files below. ' +
    'Prints a diff and writes nothing unless --write is set.',
  examples: [
    'kubetest2-ts migrate config/jobs | git apply',
    'kubetest2-ts migrate config/jobs/kubernetes/sig-node --canary --write',
    'kubetest2-ts migrate config/jobs --check',
  ],
  flags,
  args: [1, Number.POSITIVE_INFINITY],
  exitCodes: {
    0: 'nothing legacy is left of what was asked for; with --check, no blocking job is legacy',
    1: 'at least one job was refused, all others were done; with --check, a blocking job is legacy',
    2: 'the command line is wrong, or a file cannot be read or is not YAML; nothing was printed or written',
    3: 'a file cannot be written',
  },
  run: async ({ flags: values, args: paths }, world) => await migrateJobs(values, paths, world),
});

async function migrateJobs(values: MigrateFlags, paths: readonly string[], world: CommandWorld): Promise<number> {
  refuseContradictions(values);
  const { readTree } = await import('../../migrate/read/tree.ts');
  const { migrateTree, prowConfigs } = await import('../../migrate/tree/migrate-tree.ts');
  const sources = readTree(paths, world.cwd);
  const choices = await choicesOf(values, sources, world);
  if (values.format === 'yaml' && sources.length !== 1) {
    throw new UsageError(`--format=yaml prints one file, and PATH names ${sources.length}: name one`);
  }
  const presetSources = [...readTree(values.presets, world.cwd), ...prowConfigs(sources, world.cwd)];
  const canary =
    values.canary === undefined
      ? undefined
      : { suffix: values.canary, interval: values.interval, dashboard: values.dashboard };
  const input = { sources, presetSources, choices, canary };
  if (values.explain !== '') return await explainJob(values.explain, input, world);
  const migration = await migrateTree(input);
  if (values.check) return await check(migration, world);
  await writeReport(values.report, migration, sources, world);
  if (values.write) await write(migration);
  await print(values, migration, world);
  return migration.jobs.some(({ report }) => report.verdict === 'refused') ? 1 : 0;
}

function refuseContradictions({ write, check, explain, canary, program }: MigrateFlags): void {
  const modes = [check ? '--check' : '', explain === '' ? '' : '--explain', write ? '--write' : ''].filter(
    (mode) => mode !== '',
  );
  if (modes.length > 1) throw new UsageError(`${modes.join(' and ')} exclude each other`);
  if (program === '') throw new UsageError('--program is empty: name the program that the jobs call');
  if (canary !== undefined && !/^[a-z0-9-]*[a-z0-9]$/.test(canary)) {
    throw new UsageError(
      `--canary=${canary}: a job's name has lower case letters, digits and -, and ends in a letter or digit`,
    );
  }
}

async function choicesOf(
  values: MigrateFlags,
  sources: readonly SourceFile[],
  world: CommandWorld,
): Promise<MigrateChoices> {
  const { generatorOf } = await import('../../migrate/read/generated.ts');
  const byName = new Map(sources.map((source) => [source.name, source]));
  const generators = new Map<string, string | undefined>();
  const generated = (file: string): string | undefined => {
    const source = byName.get(file);
    if (values.generated === 'translate' || !source) return undefined;
    if (!generators.has(file)) generators.set(file, generatorOf(source));
    return generators.get(file);
  };
  const { openLineCheck } = await import('../flags/check-line.ts');
  const node = await world.registry.testers.find(({ name }) => name === 'node')?.load();
  return {
    program: values.program,
    image: values.image,
    execute: values.execute,
    build: values.build,
    markers: readMarkers(values.marker),
    nodeFlags: new Set(Array.from(namedFlags(node?.flags ?? {}), ({ name }) => name)),
    only: readPattern(values.only),
    generated,
    check: await openLineCheck(world.registry),
  };
}

function readMarkers(typed: readonly string[]): Map<string, string> {
  return new Map(
    typed.map((each) => {
      const [, name, release] = /^(?:ci\/)?([\w.-]+)=v?(\d+\.\d+)$/.exec(each) ?? [];
      if (name === undefined || release === undefined) {
        throw new UsageError(`--marker=${each}: expected MARKER=RELEASE, for instance k8s-stable1=1.36`);
      }
      return [name, release] as const;
    }),
  );
}

export function readPattern(typed: string): RegExp | undefined {
  if (typed === '') return undefined;
  try {
    return new RegExp(typed);
  } catch (error) {
    throw new UsageError(`--only=${typed}: not a regular expression`, { cause: error });
  }
}

async function explainJob(name: string, input: MigrationInput, world: CommandWorld): Promise<number> {
  const { explainJobs } = await import('../../migrate/tree/explain-jobs.ts');
  const found = await explainJobs(name, input);
  if (found.text === '') throw new UsageError(`--explain=${name}: no job has this name`);
  world.stdout.write(found.text);
  return found.refused ? 1 : 0;
}

async function check({ jobs: reports }: Migration, world: CommandWorld): Promise<number> {
  const legacy = reports.filter(
    ({ report, blocking }) => blocking !== '' && !['none', 'kubetest2'].includes(report.style),
  );
  for (const { report, blocking } of legacy) {
    const { file, line, name } = report;
    world.stdout.write(`${file}:${line}: ${name} is legacy (${report.class}) and blocks: ${blocking}\n`);
  }
  return legacy.length === 0 ? 0 : 1;
}

async function writeReport(
  file: string,
  migration: Migration,
  sources: readonly SourceFile[],
  world: CommandWorld,
): Promise<void> {
  if (file === '') return;
  const reports = migration.jobs.map(({ report }) => report);
  if (!file.endsWith('.md')) {
    const { reportJson } = await import('../../migrate/report/report.ts');
    return writeAtomic(resolve(world.cwd, file), reportJson(reports));
  }
  const { markdownReport } = await import('../../migrate/report/markdown.ts');
  const { approversOf } = await import('../../migrate/report/ownership.ts');
  const paths = new Map(sources.map(({ name, path }) => [name, path]));
  const owners = new Map<JobReport, { sig: string; owners: readonly string[] }>(
    migration.jobs.map(({ report, sig }) => [report, { sig, owners: approversOf(paths.get(report.file) ?? '') }]),
  );
  const text = markdownReport(reports, (job) => owners.get(job) ?? { sig: 'other', owners: [] });
  writeAtomic(resolve(world.cwd, file), text);
}

async function write({ files }: Migration): Promise<void> {
  const { writeFiles } = await import('../../migrate/tree/write-files.ts');
  writeFiles(files.filter(({ before, after }) => before !== after).map(({ path, after }) => ({ path, text: after })));
}

async function print(values: MigrateFlags, migration: Migration, world: CommandWorld): Promise<void> {
  const { stdout, stderr } = world;
  const reports = migration.jobs.map(({ report }) => report);
  const { fullReport, overview } = await import('../../migrate/report/overview.ts');
  const format = values.format ?? (values.write ? undefined : 'diff');
  if (format === 'yaml') stdout.write(migration.files[0]?.after ?? '');
  if (format === 'report') stdout.write(fullReport(reports));
  if (format === 'diff') {
    const { unifiedDiff } = await import('../../migrate/report/diff.ts');
    stdout.write(await unifiedDiff(migration.files));
  }
  stderr.write(overview(reports, nextSteps(values, reports)));
}

function nextSteps({ write: written, canary }: MigrateFlags, reports: readonly JobReport[]): string[] {
  const done = reports.some(({ verdict }) => verdict === 'translated' || verdict === 'added');
  if (!done) return [];
  if (!written) return ['review the diff, then run again with --write, or pipe it into git apply'];
  return canary === undefined
    ? ['compare both sides of a job: kubetest2-ts migrate PATH --explain=JOB']
    : ['when the canaries have proved themselves: kubetest2-ts canary promote PATH --only=REGEX --to=non-optional'];
}
