import { dirname } from 'node:path';
import { addCanaries, takenNames } from '../canary/add-canaries.ts';
import type { ShadowSettings } from '../canary/shadow.ts';
import { applyEdits } from '../edit/text-edits.ts';
import { editsOf, type MigrateChoices, migrateFile } from '../job/migrate-file.ts';
import type { Job, JobFile, Preset } from '../read/job.ts';
import { openYamlParser, type ParseYaml } from '../read/parse-yaml.ts';
import { readJobFile } from '../read/read-jobs.ts';
import { exists, jobsRootOf, prowConfigOf, readSource, readTree, type SourceFile } from '../read/tree.ts';
import { recognise } from '../recognise/recognise.ts';
import { blocks } from '../report/blocking.ts';
import type { ChangedFile } from '../report/diff.ts';
import { sigOf } from '../report/ownership.ts';
import type { JobReport } from '../report/report.ts';

/** What `migrate` makes of a tree. */
export interface Migration {
  /** Every file read, in order, with what it becomes. */
  readonly files: readonly (ChangedFile & { readonly path: string })[];
  readonly jobs: readonly ReportedJob[];
}

/** A job's report, and what reports are sorted and checked by. */
export interface ReportedJob {
  readonly report: JobReport;
  readonly sig: string;
  /** Why the job blocks a release or a merge; empty when it does not. */
  readonly blocking: string;
}

export interface MigrationInput {
  readonly sources: readonly SourceFile[];
  /** Further files with presets. */
  readonly presetSources: readonly SourceFile[];
  readonly choices: MigrateChoices;
  /** Adds canaries and leaves the jobs themselves alone. */
  readonly canary: ShadowSettings | undefined;
}

/** Characters. Files up to this size are not read a second time. */
const KEPT = 200_000;

/** Migrates the jobs of a tree. Throws UsageError when a file is not YAML. */
export async function migrateTree(input: MigrationInput): Promise<Migration> {
  const parse = await openYamlParser();
  const parsed = new Map<string, JobFile>();
  const presets = readPresets(input, (source) => {
    const file = readJobFile(source.name, source.text, parse);
    if (source.text.length < KEPT) parsed.set(source.path, file);
    return file;
  });
  const names = input.canary ? readNames(input.sources, parse) : undefined;
  const jobs: ReportedJob[] = [];
  const files = input.sources.map(({ path, name, diffName, text }) => {
    const file = parsed.get(path) ?? readJobFile(name, text, parse);
    parsed.delete(path);
    const migrated = migrateFile(file, presets, input.choices);
    const { edits, reports } =
      input.canary && names
        ? addCanaries(file, migrated, input.choices, input.canary, names)
        : { edits: editsOf(migrated), reports: migrated.map(({ report }) => report) };
    jobs.push(...reports.map((report) => reported(report, file)));
    return { path, name: diffName, before: text, after: edits.length === 0 ? text : applyEdits(text, edits) };
  });
  return { files, jobs };
}

function reported(report: JobReport, { jobs }: JobFile): ReportedJob {
  const job = jobs.find(({ line, name }) => line === report.line && (name === report.name || name === report.canaryOf));
  if (!job) return { report, sig: 'other', blocking: '' };
  const blocking = report.canaryOf === '' ? (blocks(job) ?? '') : '';
  return { report, sig: sigOf(job.annotations, report.file), blocking };
}

/** The presets of everything that was read: any job of any file may carry their labels. */
export function readPresets(
  { sources, presetSources }: MigrationInput,
  read: (source: SourceFile) => JobFile,
): Preset[] {
  const paths = new Set(presetSources.map(({ path }) => path));
  const withPresets = [...presetSources, ...sources.filter(({ path }) => !paths.has(path))].filter(({ text }) =>
    /^["']?presets["']?\s*:/m.test(text),
  );
  return withPresets.flatMap((source) => [...read(source).presets]);
}

function readNames(sources: readonly SourceFile[], parse: ParseYaml) {
  const files = sources.map(
    ({ name, text }): Pick<JobFile, 'jobs'> => ({ jobs: readJobFile(name, text, parse).jobs.map(light) }),
  );
  return takenNames(files, (job) => recognise(job).style === 'kubetest2', namesElsewhere(sources));
}

/**
 * Names in the other job files of the tree: a periodic's has to be free in all of it. They are looked for in the text,
 * since to read a whole tree for one file would take too long; a few too many do no harm.
 */
function namesElsewhere(sources: readonly SourceFile[]): Set<string> {
  const read = new Set(sources.map(({ path }) => path));
  const roots = new Set(sources.flatMap(({ path }) => jobsRootOf(path) ?? []));
  const others = [...roots].flatMap((root) => readTree([root], root)).filter(({ path }) => !read.has(path));
  return new Set(
    others.flatMap(({ text }) =>
      [...text.matchAll(/^[ \t]*(?:- )?[ \t]*name:[ \t]*["']?([\w.-]+)/gm)].map(([, name = '']) => name),
    ),
  );
}

/** A job without its text, so that a tree's files need not all stay in memory. */
const light = (job: Job): Job => ({ ...job, text: '' });

/** Prow's own configuration beside the paths, for its presets. */
export function prowConfigs(sources: readonly SourceFile[], cwd: string): SourceFile[] {
  const found = new Map<string, string>();
  const seen = new Set<string>();
  for (const { path } of sources) {
    const directory = dirname(path);
    if (seen.has(directory)) continue;
    seen.add(directory);
    const config = prowConfigOf(path);
    if (config !== undefined) found.set(config, config);
  }
  return [...found.keys()].filter(exists).map((path) => readSource(path, path, cwd));
}
