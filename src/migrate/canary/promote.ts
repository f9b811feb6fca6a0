import { Refused } from '../draft/refused.ts';
import { MapEdits } from '../edit/map-edits.ts';
import { renderScalar } from '../edit/scalar.ts';
import { lineBreakOf, type TextEdit } from '../edit/text-edits.ts';
import { reportOf } from '../job/migrate-file.ts';
import type { Job, JobFile } from '../read/job.ts';
import { type Node, nodeAt, textAt } from '../read/syntax.ts';
import { recognise } from '../recognise/recognise.ts';
import type { JobReport } from '../report/report.ts';
import { splitDashboards } from './shadow.ts';

export type Stage = 'non-optional' | 'blocking';

export interface PromoteSettings {
  /** Matches the name of the original or of its canary. */
  readonly only: RegExp;
  readonly to: Stage;
  readonly suffix: string;
}

export interface Promotion {
  readonly edits: readonly TextEdit[];
  readonly reports: readonly JobReport[];
}

const INFORMING = 'sig-release-master-informing';

/** Moves the canaries of a file a step on. Nothing is renamed or deleted. */
export function promote(file: JobFile, settings: PromoteSettings): Promotion {
  const edits: TextEdit[] = [];
  const reports: JobReport[] = [];
  for (const job of file.jobs) {
    const original = file.jobs.find((each) => `${each.name}${settings.suffix}` === job.name && sameKind(each, job));
    const asked = original && (settings.only.test(job.name) || settings.only.test(original.name));
    if (!original || !asked) continue;
    const recognised = recognise(job);
    const report = { class: 'none', canaryOf: original.name };
    try {
      const made = promotePair(original, job, settings.to);
      edits.push(...made.edits);
      reports.push({
        ...reportOf(job, recognised, report.class, { verdict: 'translated', todo: made.todo }),
        canaryOf: original.name,
      });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      reports.push({
        ...reportOf(job, recognised, report.class, { verdict: 'refused', reason: error.message, advice: error.advice }),
        canaryOf: original.name,
      });
    }
  }
  return { edits, reports };
}

const sameKind = (one: Job, other: Job): boolean =>
  one.type === other.type && one.repo === other.repo && one.branches.join() === other.branches.join();

interface Step {
  readonly edits: readonly TextEdit[];
  readonly todo: readonly string[];
}

function promotePair(original: Job, canary: Job, to: Stage): Step {
  if (canary.type === 'postsubmit') {
    throw new Refused(
      `${canary.name}: a postsubmit blocks nothing`,
      'swap the jobs by hand when the canary has proved itself',
    );
  }
  if (canary.type === 'periodic')
    return to === 'blocking' ? blockPeriodic(original, canary) : informPeriodic(original, canary);
  return to === 'blocking' ? blockPresubmit(original, canary) : requirePresubmit(original, canary);
}

const keysOf = (job: Job): MapEdits => new MapEdits(job.text, job.node, lineBreakOf(job.text));

const TRIGGERS = ['always_run', 'run_if_changed', 'skip_if_only_changed'] as const;

/** The canary runs when its job does: one of the three ways, never two. */
function triggerLike(original: Job, keys: MapEdits): void {
  const way = TRIGGERS.find((key) => {
    const value = textAt(original.node, key);
    return value !== undefined && value !== '' && value !== 'false';
  });
  for (const key of TRIGGERS) if (key !== way) keys.remove(key);
  const value = way === undefined ? undefined : textAt(original.node, way);
  if (way === undefined) keys.set('always_run', 'false');
  else keys.set(way, way === 'always_run' ? 'true' : renderScalar(value ?? ''));
}

const POLICY = 'config/tests/jobs/policy/presubmit-jobs.yaml';

const policyTodo = ({ repo }: Job): string[] =>
  repo === 'kubernetes/kubernetes' ? [`${POLICY} lists these jobs: run make update-config-fixture`] : [];

function requirePresubmit(original: Job, canary: Job): Step {
  const keys = keysOf(canary);
  triggerLike(original, keys);
  keys.set('optional', 'true');
  return { edits: keys.edits('name'), todo: policyTodo(canary) };
}

/** The canary blocks merges, and its job stops to. */
function blockPresubmit(original: Job, canary: Job): Step {
  const changes = textAt(original.node, 'run_if_changed') ?? textAt(canary.node, 'run_if_changed');
  if (canary.repo === 'kubernetes/kubernetes' && changes !== undefined) {
    throw new Refused(
      `${canary.name}: run_if_changed without optional, which test-infra refuses for kubernetes/kubernetes`,
      'use always_run: true, or leave the canary optional',
    );
  }
  const own = keysOf(canary);
  triggerLike(original, own);
  own.remove('optional');
  const other = keysOf(original);
  other.set('optional', 'true');
  other.set('always_run', 'false');
  other.remove('run_if_changed', 'skip_if_only_changed');
  const todo = [
    `branch protection may require the context ${original.name}: change it to ${canary.name}`,
    ...policyTodo(canary),
  ];
  const blocking = splitDashboards(original.annotations.get('testgrid-dashboards')).filter((name) =>
    /-blocking$/.test(name),
  );
  const boards = moveDashboards(original, canary, blocking);
  if (canary.repo === 'kubernetes/kubernetes' && blocking.length === 0) {
    todo.push('presubmits-kubernetes-blocking lists exactly the jobs that block: move its tab in config/testgrids');
  }
  return { edits: [...own.edits('name'), ...other.edits('name'), ...boards], todo };
}

function informPeriodic(original: Job, canary: Job): Step {
  const keys = keysOf(canary);
  const way =
    ['interval', 'cron', 'minimum_interval'].find((key) => textAt(original.node, key) !== undefined) ?? 'interval';
  for (const key of ['interval', 'cron', 'minimum_interval']) if (key !== way) keys.remove(key);
  keys.set(way, renderScalar(textAt(original.node, way) ?? '6h'));
  const blocking = dashboardsOf(original).some((name) => /-blocking$/.test(name));
  const boards = blocking
    ? [INFORMING, ...dashboardsOf(canary).filter((name) => name !== INFORMING)]
    : dashboardsOf(canary);
  return { edits: [...keys.edits('name'), ...annotationEdits(canary, { set: dashboards(boards) })], todo: [] };
}

const ALERTS = ['testgrid-alert-email', 'testgrid-num-failures-to-alert', 'testgrid-alert-stale-results-hours'];

/** Dashboards, alerts and rules for forks change sides. */
function blockPeriodic(original: Job, canary: Job): Step {
  const moved = [...original.annotations].filter(([key]) => ALERTS.includes(key) || key.startsWith('fork-per-release'));
  const theirs = dashboardsOf(original);
  const blocking = theirs.filter((name) => /-blocking$|^sig-release-/.test(name));
  const mine = dashboardsOf(canary).filter((name) => name !== INFORMING && !blocking.includes(name));
  const left = theirs.filter((name) => !blocking.includes(name));
  const todo = blocking.length === 0 ? [`${original.name} is on no blocking dashboard of its annotations`] : [];
  const keys = keysOf(canary);
  const interval = textAt(original.node, 'interval');
  if (interval !== undefined) {
    keys.set('interval', renderScalar(interval));
    keys.remove('cron', 'minimum_interval');
  }
  const edits = [
    ...keys.edits('name'),
    ...annotationEdits(canary, { set: [...dashboards([...blocking, ...mine]), ...moved] }),
    ...annotationEdits(original, {
      set: dashboards(left.length === 0 ? mine : left),
      remove: moved.map(([key]) => key),
    }),
  ];
  return { edits, todo };
}

const dashboardsOf = ({ annotations }: Job): string[] => splitDashboards(annotations.get('testgrid-dashboards'));

const dashboards = (names: readonly string[]): [string, string][] =>
  names.length === 0 ? [] : [['testgrid-dashboards', names.join(', ')]];

function moveDashboards(original: Job, canary: Job, blocking: readonly string[]): TextEdit[] {
  if (blocking.length === 0) return [];
  const mine = [...blocking, ...dashboardsOf(canary).filter((name) => !blocking.includes(name))];
  const left = dashboardsOf(original).filter((name) => !blocking.includes(name));
  return [
    ...annotationEdits(canary, { set: dashboards(mine) }),
    ...annotationEdits(original, { set: dashboards(left.length === 0 ? dashboardsOf(canary) : left) }),
  ];
}

function annotationEdits(
  job: Job,
  change: { readonly set: readonly (readonly [string, string])[]; readonly remove?: readonly string[] },
): TextEdit[] {
  const annotations: Node | undefined = nodeAt(job.node, 'annotations');
  if (annotations?.kind !== 'map' || annotations.flow || annotations.pairs.length === 0) {
    if (change.set.length === 0) return [];
    throw new Refused(`${job.name} has no annotations in block style`, 'add testgrid-dashboards, then promote');
  }
  const map = new MapEdits(job.text, annotations, lineBreakOf(job.text));
  for (const [key, value] of change.set) if (job.annotations.get(key) !== value) map.set(key, renderScalar(value));
  map.remove(...(change.remove ?? []));
  return map.edits();
}
