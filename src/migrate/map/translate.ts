import { mapBootstrap, unknownFlag } from '../draft/bootstrap.ts';
import { type Choices, hasRepository, lastOf, type Work } from '../draft/context.ts';
import { Draft } from '../draft/draft.ts';
import { CLEANUP_MARGIN, PROW_TIMEOUT, prowDuration } from '../draft/duration.ts';
import { Refused } from '../draft/refused.ts';
import type { Job, Word } from '../read/job.ts';
import type { PresetView } from '../read/presets.ts';
import { nodeAt, textAt } from '../read/syntax.ts';
import { bootstrapFlags, buildFlags, executeFlags, kubetestFlags, scenarioFlags } from '../recognise/legacy-flags.ts';
import { type Given, readFlags } from '../recognise/read-flags.ts';
import type { Recognised } from '../recognise/recognise.ts';
import { mapBuildJob } from './build.ts';
import { classOf, type JobClass } from './classify.ts';
import { mapExecute, splitExecute } from './execute.ts';
import { mapGce } from './gce.ts';
import { mapKind } from './kind.ts';
import { mapNode } from './node.ts';
import { refuseShell } from './shell.ts';

/** A legacy job's way to the new one, as far as it goes. */
export interface Translation {
  readonly class: JobClass;
  readonly draft: Draft;
  /** bootstrap's own flags. */
  readonly bootstrap: readonly Given[];
  /** The flags of the scenario or of kubetest. */
  readonly flags: readonly Given[];
  readonly refused: Refused | undefined;
}

/** Translates a legacy job, or says why it cannot be. Never throws for what a job says. */
export function translate(job: Job, recognised: Recognised, presets: PresetView, choices: Choices): Translation {
  const read = readWords(recognised);
  const draft = new Draft();
  const work: Work = { job, recognised, presets, choices, draft, bootstrap: read.bootstrap, flags: read.flags };
  draft.expect([...read.bootstrap, ...read.flags]);
  const jobClass = classOf(work);
  const translation = { class: jobClass, draft, bootstrap: read.bootstrap, flags: read.flags };
  try {
    refuseOddContainers(work);
    if (recognised.style === 'shell') refuseShell(work);
    refuseOddWords(work, read);
    mapClass(work, jobClass, read.command);
    for (const given of draft.unanswered()) draft.drop(given, 'nothing here needs it');
    addTodos(work);
    return { ...translation, refused: undefined };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { ...translation, refused: error };
  }
}

interface ReadWords {
  readonly bootstrap: readonly Given[];
  readonly flags: readonly Given[];
  /** The command of execute.py. */
  readonly command: readonly Word[];
  /** Words before the scenario that are neither flags nor its usual wrappers. */
  readonly strays: readonly Word[];
}

function readWords({ style, scenario, before, after }: Recognised): ReadWords {
  if (style === 'shell' || style === 'none' || style === 'kubetest2')
    return { bootstrap: [], flags: [], command: [], strays: [] };
  const own = style === 'bootstrap' ? readFlags(before, [bootstrapFlags]) : { flags: [], strays: before };
  const strays = own.strays.filter(({ text }) => !WRAPPERS.test(text));
  if (scenario === 'execute') {
    const { flags, command } = splitExecute(after);
    return { bootstrap: own.flags, flags: readFlags(flags, [executeFlags]).flags, command, strays };
  }
  const tables = {
    kubetest: [kubetestFlags],
    kubernetes_build: [buildFlags],
  }[scenario] ?? [scenarioFlags, kubetestFlags];
  const { flags } = readFlags(after.flatMap(unwrapped), tables);
  return { bootstrap: own.flags, flags, command: [], strays };
}

const WRAPPERS = /(?:^|\/)(?:runner|wrapper|entrypoint)\.sh$|(?:^|\/)(?:python\d?|bootstrap\.py|bootstrap)$/;

/** `--kubetest_args=X` is read as if X had been given. */
function unwrapped(word: Word): Word[] {
  const [, inner] = /^--kubetest_args=(.*)$/s.exec(word.text) ?? [];
  return [inner === undefined ? word : { ...word, text: inner.replace(/^(["'])(.*)\1$/s, '$2') }];
}

function refuseOddContainers({ job, recognised }: Work): void {
  const others = job.containers.filter((each) => each !== recognised.container && each.command !== undefined);
  if (job.containers.length > 1 && (others.length > 0 || recognised.container?.command === undefined)) {
    throw new Refused(
      `${job.containers.length} containers: which of them the job is about is not clear`,
      'leave one container with a command, then migrate',
    );
  }
}

function refuseOddWords(work: Work, { strays }: ReadWords): void {
  const [stray] = strays;
  if (stray) {
    throw new Refused(
      `${JSON.stringify(stray.text)} before the scenario: what it does to the call is not known`,
      'call the scenario through runner.sh alone, then migrate',
    );
  }
  if (work.recognised.container?.words.some(({ node }) => node.kind !== 'scalar')) {
    throw new Refused('an argument that is no string', 'write every argument as a string, then migrate');
  }
}

const RUN_THE_SCRIPT = 'run the script that the scenario ran, directly or with noop --test=exec';

function mapClass(work: Work, jobClass: JobClass, command: readonly Word[]): void {
  const { scenario } = work.recognised;
  const stages = work.flags.some(({ name }) => name === 'stage');
  if (jobClass === 'execute') {
    mapBootstrap(work, true);
    return mapExecute(work, command);
  }
  if (jobClass === 'build') return mapBuildJob(work);
  if (scenario !== 'kubernetes_e2e' && scenario !== 'kubetest') {
    const own =
      scenario === 'canarypush'
        ? 'run docker build and push in a script of its own, with noop --test=exec'
        : RUN_THE_SCRIPT;
    throw new Refused(`--scenario=${scenario}: it has no counterpart`, own, '--scenario');
  }
  if (!['gce-ginkgo', 'gce-clusterloader2', 'gce-exec', 'gce-none', 'node', 'kind'].includes(jobClass)) {
    throw foreignDeployer(work, jobClass);
  }
  refuseUnknownFlags(work, jobClass);
  mapBootstrap(work, stages && jobClass !== 'node');
  if (jobClass === 'node') mapNode(work);
  else if (jobClass === 'kind') mapKind(work);
  else mapGce(work);
}

function foreignDeployer(work: Work, name: string): Refused {
  const flag = lastOf(work, 'deployment') === undefined ? '--provider' : '--deployment';
  const advice =
    name === 'local'
      ? 'start the cluster with hack/local-up-cluster.sh in a script of its own, then noop --kubeconfig=FILE --test=ginkgo'
      : name === 'conformance' || name === 'none' || name === 'skeleton'
        ? 'noop --kubeconfig=FILE --test=ginkgo -- --test-package-version=VERSION, with the focus the job needs'
        : name === 'kops' || name === 'aws'
          ? 'use the deployer of the kops project: kubetest2 kops'
          : `no deployer of this program makes such a cluster: use a kubetest2-${name} from PATH, if there is one`;
  return new Refused(`deployer ${name} (${flag}): not one of gce, kind, noop and node`, advice, flag);
}

function refuseUnknownFlags(work: Work, jobClass: JobClass): void {
  for (const given of work.flags) {
    if (given.known) continue;
    if (jobClass === 'node' && work.choices.nodeFlags.has(given.name)) continue;
    throw unknownFlag(given, 'kubetest');
  }
}

/** What a person has to look at. */
function addTodos(work: Work): void {
  const { job, draft, presets, choices } = work;
  const limit = lastOf(work, 'timeout');
  const inner = draft.plain ? undefined : prowDuration(limit);
  const there = textAt(nodeAt(job.node, 'decoration_config'), 'timeout');
  const prow = prowDuration(there ?? draft.timeout?.value) ?? PROW_TIMEOUT;
  if (inner !== undefined && inner > 0 && prow < inner + CLEANUP_MARGIN) {
    draft.note(
      `--timeout=${limit} is less than 20m below the job's limit (${there ?? draft.timeout?.value ?? '2h, Prow’s default'}): the cleanup may not fit`,
    );
  }
  if (there !== undefined && /^\d+$/.test(there))
    draft.note(`decoration_config.timeout: ${there} has no unit, so Prow reads nanoseconds`);
  if ((draft.deployer === 'gce' || draft.tester === 'node') && !job.labels.has('preset-k8s-ssh')) {
    draft.note('the label preset-k8s-ssh is missing: instances cannot be reached by SSH');
  }
  if (draft.deployer !== 'gce' && presets.found) {
    for (const label of presets.dead) draft.note(`the label ${label} names no preset: it has no effect`);
  }
  if (!draft.plain) draft.note(`the image has to hold ${choices.program}`);
  if (job.name.length > 63) draft.note('the name is longer than 63 characters: Prow cuts it in labels');
  noteRefs(work);
}

function noteRefs({ job, draft }: Work): void {
  const testInfra = draft.deployerArgs.concat(draft.testerArgs).some(({ text }) => text.includes('/test-infra/jobs/'));
  const refs = { job, draft };
  if (testInfra && !hasRepository(refs, 'kubernetes/test-infra')) {
    draft.refs.push({
      org: 'kubernetes',
      repo: 'test-infra',
      baseRef: 'master',
      pathAlias: 'k8s.io/test-infra',
      workdir: false,
      from: [],
    });
    draft.added('extra_refs: kubernetes/test-infra@master', 'an argument names a file in it');
  }
  if (/-kubernetes-test$|junit|kubetest/.test(job.annotations.get('testgrid-base-options') ?? '')) {
    draft.note('the annotation testgrid-base-options names suites of kubetest, which do not appear any more');
  }
  if (/\/release-branch-jobs\//.test(job.file)) {
    draft.note('a forked job: migrate the job of master first, and leave the forks of releases to the forker (--only)');
  }
  noteBlockingInterval(refs);
  if (job.type === 'periodic' && job.node.pairs.every(({ key }) => key.value !== 'cluster')) {
    draft.note('the job has no cluster: test-infra’s own tests ask for one');
  }
}

const MOST_BETWEEN_RUNS = 3 * 3600e3;

/** test-infra's rule for blocking jobs: with kubernetes/kubernetes at master among extra_refs they run every 3 hours. */
function noteBlockingInterval({ job, draft }: Pick<Work, 'job' | 'draft'>): void {
  const master = draft.refs.some(({ repo, baseRef }) => repo === 'kubernetes' && baseRef === 'master');
  const blocking = /sig-release-(?:\d+\.\d+|master)-blocking/.test(job.annotations.get('testgrid-dashboards') ?? '');
  const interval = prowDuration(textAt(job.node, 'interval'));
  if (!master || !blocking || interval === undefined || interval <= MOST_BETWEEN_RUNS) return;
  draft.note('a blocking job with kubernetes/kubernetes at master has to run at least every 3h: shorten its interval');
}
