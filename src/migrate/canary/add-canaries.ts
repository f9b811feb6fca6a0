import { Refused } from '../draft/refused.ts';
import { editJob } from '../edit/edit-job.ts';
import { applyEdits, lineBreakOf, lineEnd, lineStart, type TextEdit } from '../edit/text-edits.ts';
import { type MigrateChoices, type MigratedJob, reportOf } from '../job/migrate-file.ts';
import type { Job, JobFile } from '../read/job.ts';
import { lastCharacter, nodeAt, nodesBelow, textAt } from '../read/syntax.ts';
import type { JobReport } from '../report/report.ts';
import { type ShadowSettings, shadowDashboards, shadowEdits, splitDashboards } from './shadow.ts';

/** The names that exist already, in everything that was read. */
export interface TakenNames {
  /** Name → the repositories with a job of it; a periodic's is the empty string. */
  readonly jobs: ReadonlyMap<string, ReadonlySet<string>>;
  /** Dashboard → its tabs, normalised. */
  readonly tabs: ReadonlyMap<string, ReadonlySet<string>>;
  /** Jobs that call kubetest2: an existing canary is no clash. */
  readonly migrated: ReadonlySet<string>;
}

export interface Canaries {
  readonly edits: readonly TextEdit[];
  readonly reports: readonly JobReport[];
}

/** A shadow behind each job that translates; the jobs themselves stay as they are. */
export function addCanaries(
  file: JobFile,
  migrated: readonly MigratedJob[],
  choices: MigrateChoices,
  settings: ShadowSettings,
  taken: TakenNames,
): Canaries {
  const edits: TextEdit[] = [];
  const reports: JobReport[] = [];
  for (const each of migrated) {
    const { job, report } = each;
    if (report.verdict !== 'translated') {
      reports.push(report);
      continue;
    }
    const untouched = { ...report, verdict: 'untouched' as const, argv: [], edits: [], todo: [] };
    const reason = withoutCanary(each, file, taken, settings);
    if (reason !== undefined) {
      reports.push({ ...untouched, reason });
      continue;
    }
    try {
      refuseClash(job, settings, taken);
      const shadow = makeShadow(each, file, choices, settings);
      edits.push(shadow.edit);
      reports.push(untouched, shadow.report);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      reports.push({ ...untouched, verdict: 'refused', reason: error.message, advice: error.advice });
    }
  }
  return { edits, reports };
}

/** Why a job gets no canary though it translates; undefined when it gets one. */
function withoutCanary(
  { job, report, recognised }: MigratedJob,
  file: JobFile,
  taken: TakenNames,
  { suffix }: ShadowSettings,
): string | undefined {
  const release = /(?:^|-)(?:\d+[.-]\d+|beta|stable\d*)$/;
  if (taken.migrated.has(`${job.repo ?? ''}\n${job.name}${suffix}`)) return 'its canary exists already';
  if (report.class === 'build') return 'a build that moves a marker would move it twice';
  if (job.branches.length > 0 && job.branches.every((branch) => /release/.test(branch))) return OF_A_RELEASE;
  if (release.test(job.name) || release.test(recognised.container?.image ?? '')) return OF_A_RELEASE;
  const family = file.jobs.filter(({ name, repo }) => name === job.name && repo === job.repo);
  const chosen = family.find(runsOnMaster) ?? family[0];
  return chosen === job ? undefined : 'its family has one canary, for the job of master';
}

const OF_A_RELEASE = 'a job of a release: canaries are made on master only';

function runsOnMaster({ branches }: Job): boolean {
  return branches.length === 0 || branches.some((branch) => /^\^?(?:master|main)\$?$/.test(branch));
}

/** Throws Refused when the name or the tab of the shadow is taken, or when the shadow would fail test-infra's own tests. */
function refuseClash(job: Job, { suffix, dashboard }: ShadowSettings, taken: TakenNames): void {
  const name = `${job.name}${suffix}`;
  const owners = taken.jobs.get(name);
  if (owners && (job.type === 'periodic' || owners.has(job.repo ?? ''))) {
    throw new Refused(`the name ${name} is taken`, 'choose another suffix: --canary=SUFFIX');
  }
  const tab = normalised(`${job.annotations.get('testgrid-tab-name') ?? job.name}${suffix}`);
  const board = shadowDashboards(job, dashboard).find((each) => taken.tabs.get(each)?.has(tab));
  if (board !== undefined) {
    throw new Refused(`a tab like ${tab} exists on the dashboard ${board}`, 'choose another suffix: --canary=SUFFIX');
  }
  refuseLargeJob(job);
}

/** TestGrid compares names this way. */
export const normalised = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');

const MOST_CPU = 7;
const MOST_GIB = 27;

function refuseLargeJob({ node, containers }: Job): void {
  if (textAt(node, 'cluster') !== 'k8s-infra-prow-build') return;
  for (const { node: container } of containers) {
    const limits = nodeAt(nodeAt(container, 'resources'), 'limits');
    const cpu = Number(textAt(limits, 'cpu') ?? '0');
    const [, size = '0', unit = ''] = /^(\d+)(\w*)$/.exec(textAt(limits, 'memory') ?? '') ?? [];
    if (cpu > MOST_CPU || (unit === 'Gi' && Number(size) > MOST_GIB)) {
      throw new Refused(
        'limits over 7 cpu or 27Gi, let off by name: a canary of another name fails test-infra’s tests',
        'lower the limits, or add the canary by hand with its exemption',
      );
    }
  }
}

function makeShadow(
  { job, recognised, translation, report }: MigratedJob,
  file: JobFile,
  choices: MigrateChoices,
  settings: ShadowSettings,
): { edit: TextEdit; report: JobReport } {
  if (!translation) throw new Error(`${job.name} has no translation`);
  const { text, node } = job;
  const edited = editJob(job, file, recognised, translation.draft, choices, { forks: false });
  const start = lineStart(text, node.start);
  const last = lastCharacter(node);
  const end = lineEnd(text, text[last - 1] === '\n' ? last - 1 : last);
  const inside = [...edited.edits, ...shadowEdits(job, settings)].map((edit) => ({
    ...edit,
    start: edit.start - start,
    end: edit.end - start,
  }));
  const shadow = applyEdits(text.slice(start, end), inside).replace(/[\r\n]+$/, '');
  const name = `${job.name}${settings.suffix}`;
  const todo = [...report.todo];
  if (name.length > 63 && job.name.length <= 63)
    todo.push('the name is longer than 63 characters: Prow cuts it in labels');
  const queue = textAt(node, 'job_queue_name');
  if (queue !== undefined) todo.push(`the canary shares the capacity of the queue ${queue} with its job`);
  const bigger = [...nodesBelow(node)].some((each) => each.kind === 'alias');
  if (bigger) todo.push('the job uses aliases; the canary refers to the same anchors');
  return {
    edit: { start: end, end, text: `${lineBreakOf(text)}${shadow}` },
    report: {
      ...reportOf(job, recognised, report.class, {
        verdict: 'added',
        argv: report.argv,
        flags: report.flags,
        edits: report.edits,
        todo,
        canaryOf: job.name,
      }),
      name,
    },
  };
}

/** Collects the names and tabs of the jobs of all files. `elsewhere` are names of jobs in files that were not read. */
export function takenNames(
  files: readonly Pick<JobFile, 'jobs'>[],
  isMigrated: (job: Job) => boolean,
  elsewhere: Iterable<string> = [],
): TakenNames {
  const jobs = new Map<string, Set<string>>(Array.from(elsewhere, (name) => [name, new Set<string>()]));
  const tabs = new Map<string, Set<string>>();
  const migrated = new Set<string>();
  for (const job of files.flatMap((file) => file.jobs)) {
    jobs.set(job.name, (jobs.get(job.name) ?? new Set()).add(job.repo ?? ''));
    if (isMigrated(job)) migrated.add(`${job.repo ?? ''}\n${job.name}`);
    const tab = normalised(job.annotations.get('testgrid-tab-name') ?? job.name);
    for (const board of splitDashboards(job.annotations.get('testgrid-dashboards'))) {
      tabs.set(board, (tabs.get(board) ?? new Set()).add(tab));
    }
  }
  return { jobs, tabs, migrated };
}
