import type { Choices } from '../draft/context.ts';
import { Refused } from '../draft/refused.ts';
import { type EditChoices, type EditedJob, editJob } from '../edit/edit-job.ts';
import { columnOf, type TextEdit } from '../edit/text-edits.ts';
import { type Translation, translate } from '../map/translate.ts';
import type { Job, JobFile, Preset, Word } from '../read/job.ts';
import { presetsFor } from '../read/presets.ts';
import { textAt } from '../read/syntax.ts';
import { type Recognised, recognise } from '../recognise/recognise.ts';
import type { FlagRow, JobReport } from '../report/report.ts';

/** What the caller decides about migrating. */
export interface MigrateChoices extends Choices, EditChoices {
  /** Only jobs whose name it matches; undefined for all. */
  readonly only: RegExp | undefined;
  /** Why the jobs of a file stay as they are, when it is made by a generator. */
  readonly generated: (file: string) => string | undefined;
  /** What is wrong with a command line of the program; nothing when it can be run. */
  readonly check: (argv: readonly string[]) => readonly string[];
}

/** A job after migration, with what a canary or an explanation needs of it. */
export interface MigratedJob {
  readonly job: Job;
  readonly recognised: Recognised;
  readonly translation: Translation | undefined;
  readonly edited: EditedJob | undefined;
  readonly report: JobReport;
}

/** Migrates the jobs of a file: each with its report, and its text edits when it translates. */
export function migrateFile(file: JobFile, presets: readonly Preset[], choices: MigrateChoices): MigratedJob[] {
  return file.jobs.map((job) => migrateJob(job, file, presets, choices));
}

function migrateJob(job: Job, file: JobFile, presets: readonly Preset[], choices: MigrateChoices): MigratedJob {
  const recognised = recogniseJob(job);
  const base = { job, recognised };
  if (recognised.style === 'none' || recognised.style === 'kubetest2') {
    return {
      ...base,
      translation: undefined,
      edited: undefined,
      report: reportOf(job, recognised, 'none', { verdict: 'untouched' }),
    };
  }
  const translation = translate(job, recognised, presetsFor(job, presets), choices);
  const jobClass = translation.class;
  if (choices.only && !choices.only.test(job.name)) {
    return {
      ...base,
      translation: undefined,
      edited: undefined,
      report: reportOf(job, recognised, jobClass, { verdict: 'untouched' }),
    };
  }
  let { refused } = translation;
  let edited: EditedJob | undefined;
  if (!refused) {
    try {
      edited = editJob(job, file, recognised, translation.draft, choices);
      refused = refusedLine(translation, edited, choices) ?? refusedGenerated(file.path, edited, choices);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refused = error;
    }
  }
  if (refused) {
    const flags = [...translation.bootstrap, ...translation.flags].map((given) => ({
      flag: given.flag,
      value: given.value ?? null,
      at: placeOf(job, given.words[0]),
      fate: 'refused' as const,
      to: [],
      why: given.flag === refused.flag ? refused.message : `the job stays as it is: ${refused.message}`,
    }));
    const report = reportOf(job, recognised, jobClass, {
      verdict: 'refused',
      reason: refused.message,
      advice: refused.advice,
      flags,
    });
    return { ...base, translation, edited: undefined, report };
  }
  const { draft } = translation;
  const report = reportOf(job, recognised, jobClass, {
    verdict: 'translated',
    argv: !edited ? [] : draft.plain ? edited.argv : newLine(edited, choices),
    flags: draft.fates.map(
      ({ flag, value, word, fate, to, why }): FlagRow => ({
        flag,
        value: value ?? null,
        at: placeOf(job, word),
        fate,
        to,
        why,
      }),
    ),
    edits: edited?.changes ?? [],
    todo: draft.todo,
  });
  return { ...base, translation, edited, report };
}

/** Jobs of another agent than Kubernetes have no containers that Prow would start. */
function recogniseJob(job: Job): Recognised {
  const agent = textAt(job.node, 'agent');
  const foreign = agent !== undefined && agent !== '' && agent !== 'kubernetes';
  return recognise(foreign ? { ...job, containers: [] } : job);
}

/** A value that no flag of this program can have, a number that is none for instance. */
function refusedLine({ draft }: Translation, edited: EditedJob, choices: MigrateChoices): Refused | undefined {
  if (draft.plain) return undefined;
  const [fault] = choices.check(newLine(edited, choices));
  return fault === undefined
    ? undefined
    : new Refused(`the new line would be refused: ${fault}`, 'correct that value in the job, then migrate');
}

/** The arguments behind the program's name. */
const newLine = ({ argv }: EditedJob, { program }: MigrateChoices): readonly string[] =>
  argv.slice(argv.indexOf(program) + 1);

function refusedGenerated(path: string, edited: EditedJob, choices: MigrateChoices): Refused | undefined {
  const generator = choices.generated(path);
  if (generator === undefined) return undefined;
  const lines = edited.changes.map(({ path: place }) => place).join(', ');
  return new Refused(
    `generated file: ${generator}`,
    `change the generator (${lines} of this job would change), or use --generated=translate`,
  );
}

function placeOf({ text, node, line: first }: Job, word: Word | undefined): string {
  if (!word) return '';
  // A word that comes through an alias may stand before its job.
  const own = word.node.start >= node.start;
  const line = (own ? first - 1 : 0) + text.slice(own ? node.start : 0, word.node.start).split('\n').length;
  return `${line}:${columnOf(text, word.node.start) + 1}`;
}

export function reportOf(
  job: Job,
  recognised: Pick<Recognised, 'style'>,
  jobClass: string,
  rest: Partial<JobReport> & Pick<JobReport, 'verdict'>,
): JobReport {
  const { verdict, reason = '', advice = '', argv = [], flags = [], edits = [], todo = [], canaryOf = '' } = rest;
  const { file, line, type, repo = '', name, branches } = job;
  return {
    ...{ file, line, type, repo, name, branches, style: recognised.style, class: jobClass, verdict, reason, advice },
    ...{ argv, flags, edits, todo, canaryOf },
  };
}

/** All text edits of a file's translated jobs. */
export const editsOf = (jobs: readonly MigratedJob[]): TextEdit[] => jobs.flatMap(({ edited }) => edited?.edits ?? []);
