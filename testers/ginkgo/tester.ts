import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import type { Env } from '../../src/api/env.ts';
import { RunError } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import type { TestContext, Tester, TestSummary } from '../../src/api/tester.ts';
import type { Acquirer } from '../../src/download/downloader.ts';
import { type JunitFolder, junitFolder, readResults } from '../../src/junit/results.ts';
import { checkVersionSkew } from '../../src/kube/skew/check.ts';
import type { Seen, SeenVersions, SkewRules } from '../../src/kube/skew/rules.ts';
import { monotonic } from '../../src/system/clock.ts';
import { type ExtraArgs, ginkgoCommand, lastValue, type SuiteContext, suiteArguments } from './arguments.ts';
import { checkSelectionBySuite } from './check-selection.ts';
import { findBinaries } from './find-binaries.ts';
import type { GinkgoValues } from './flags.ts';
import { listSpecs } from './list-specs.ts';
import { describeProgress, ProgressReader } from './outcome/progress.ts';
import { SuiteOutputReader } from './outcome/suite-output.ts';
import { describeOutcome, failureOf, specsRan } from './outcome/test-summary.ts';
import { isPlainRegex } from './re2.ts';
import { failedSpecs, focusOn } from './rerun.ts';
import { inspectSuite, type Suite } from './suite.ts';
import type { Binaries } from './test-binary.ts';
import { recordVersions } from './versions.ts';

/** The flags, parsed and validated. */
export interface GinkgoPlan {
  readonly values: GinkgoValues;
  readonly extra: ExtraArgs;
  /** `--env`. */
  readonly variables: Env;
  readonly skew: SkewRules;
}

/** The part of the work that needs no cluster. */
interface Prepared {
  readonly binaries: Binaries;
  readonly suite: Suite;
  /** The version of ginkgo. */
  readonly ginkgo: Seen<string>;
  /** The expressions that select the specs. */
  readonly focus: readonly string[];
}

/** The fact of how many suites this run has begun. */
const TESTS = 'ginkgo-tests';

/** Milliseconds between two progress lines. */
const PROGRESS_INTERVAL = { interactive: 1000, log: 15_000 };

/** Runs Kubernetes' own end-to-end suite, or one built like it, with the ginkgo program. */
export class GinkgoTester implements Tester {
  readonly #plan: GinkgoPlan;
  readonly #run: Run;
  readonly #openAcquirer: () => Promise<Acquirer>;
  #prepared: Prepared | undefined;

  constructor(plan: GinkgoPlan, run: Run, openAcquirer: () => Promise<Acquirer>) {
    this.#plan = plan;
    this.#run = run;
    this.#openAcquirer = openAcquirer;
  }

  get preparesAfterBuild(): boolean {
    return this.#plan.values.useBuiltBinaries;
  }

  async prepare(signal: AbortSignal): Promise<void> {
    this.#prepared = await this.#prepare(signal);
  }

  plan(context: TestContext): string[][] {
    const { dir } = this.#run;
    const suiteContext = {
      ginkgo: join(dir, 'ginkgo'),
      e2eTest: join(dir, 'e2e.test'),
      kubectl: join(dir, 'kubectl'),
      ...this.#suiteContext(context),
    };
    const { values, extra } = this.#plan;
    const focus = values.rerunFailed === '' ? undefined : [`(the failed specs of ${values.rerunFailed})`];
    const suite: Suite = { version: { unknown: 'not read' }, ginkgo: 2, knows: () => true };
    return [ginkgoCommand(values, extra, suite, suiteContext, focus)];
  }

  async test(context: TestContext, signal: AbortSignal): Promise<TestSummary | undefined> {
    const prepared = this.#prepared ?? (await this.#prepare(signal));
    const { values, skew } = this.#plan;
    if (values.rerunFailed !== '' && prepared.focus.length === 0)
      return { text: `no failed spec in ${values.rerunFailed}` };
    const suiteContext = this.#ownCluster({ ...paths(prepared.binaries), ...this.#suiteContext(context) });
    if (values.listSpecs) return await this.#list(prepared, suiteContext, signal);
    this.#run.log.info(`Testing with kubeconfig ${suiteContext.kubeconfig}`);
    const kubectl = lastValue(this.#plan.extra.test, 'kubectl-path') ?? suiteContext.kubectl;
    const sources = { ...suiteContext, ...programVersions(prepared), kubectl, exec: this.#run.exec };
    await checkVersionSkew(skew, sources, this.#run, signal);
    return await this.#runSuite(prepared, suiteContext, signal);
  }

  async #prepare(signal: AbortSignal): Promise<Prepared> {
    const { values } = this.#plan;
    const run = this.#run;
    const focus = await this.#focus(signal);
    const binaries = await findBinaries(values, run, this.#openAcquirer, signal);
    const suite = await inspectSuite(binaries.programs['e2e.test'], run.exec, run.env, signal);
    const ginkgo = await recordVersions(binaries, suite, run, signal);
    // Fails now, and not once there is a cluster, for flags that the suite does not have.
    suiteArguments(
      values,
      this.#plan.extra,
      suite,
      { ...paths(binaries), ...this.#suiteContext(noCluster(run.env)) },
      focus,
    );
    if (run.asked.up) await this.#checkSelection({ binaries, suite, ginkgo, focus }, signal);
    return { binaries, suite, ginkgo, focus };
  }

  /** Before there is a cluster: without one to create, the suite itself says it as soon. */
  async #checkSelection({ binaries, suite, focus }: Prepared, signal: AbortSignal): Promise<void> {
    const { values, extra } = this.#plan;
    const { focusRegex, skipRegex, labelFilter } = values;
    const isPlain = labelFilter === '' && [focusRegex, skipRegex, ...extra.focus, ...extra.skip].every(isPlainRegex);
    if (isPlain || suite.ginkgo === 1 || !suite.knows('ginkgo.dry-run')) return;
    const context = { ...paths(binaries), ...this.#suiteContext(noCluster(this.#run.env)) };
    const args = dryRunArguments(values, extra, suite, context, focus);
    await checkSelectionBySuite(context.e2eTest, args, context.env, this.#run, signal);
  }

  async #focus(signal: AbortSignal): Promise<string[]> {
    const { focusRegex, rerunFailed, allowNoTests } = this.#plan.values;
    if (rerunFailed === '') return [focusRegex];
    const specs = await failedSpecs(resolve(this.#run.cwd, rerunFailed), signal);
    if (specs.length === 0 && !allowNoTests) {
      throw new RunError(`no failed spec in ${rerunFailed} (--rerun-failed); set --allow-no-tests to pass`);
    }
    return specs.map(focusOn);
  }

  #suiteContext({ env, kubeconfig, provider }: TestContext): Omit<SuiteContext, 'ginkgo' | 'e2eTest' | 'kubectl'> {
    const { cwd, artifacts } = this.#run;
    const config = kubeconfig ?? (env['KUBECONFIG'] || join(env['HOME'] || homedir(), '.kube', 'config'));
    const variables = { ...env, ...this.#plan.variables };
    return { kubeconfig: resolve(cwd, config), reportDir: artifacts, provider, env: variables };
  }

  /** The suite takes its last --kubeconfig; one in --test-args is the cluster under test for everything else as well. */
  #ownCluster(context: SuiteContext): SuiteContext {
    const specified = lastValue(this.#plan.extra.test, 'kubeconfig');
    if (specified === undefined || specified === '') return context;
    const kubeconfig = resolve(dirname(context.e2eTest), specified);
    if (this.#run.asked.up && kubeconfig !== context.kubeconfig) {
      this.#run.log.warn(
        `Testing the cluster of --kubeconfig in --test-args, not the one that this run created (${context.kubeconfig})`,
      );
    }
    return { ...context, kubeconfig };
  }

  async #list({ suite, focus }: Prepared, suiteContext: SuiteContext, signal: AbortSignal): Promise<TestSummary> {
    if (suite.ginkgo === 1) throw new RunError('cannot use --list-specs: a Ginkgo 1 suite cannot list its specs');
    const { values, extra } = this.#plan;
    const args = dryRunArguments(values, extra, suite, suiteContext, focus);
    const count = await listSpecs(suiteContext.e2eTest, args, suiteContext.env, this.#run, signal);
    return { text: `${count} specs would run` };
  }

  /** A further test of a run keeps the report of those before it: its own is `junit_2_01.xml`, and so on. */
  async #reportPrefix(suite: Suite, before: JunitFolder, reportDir: string): Promise<string[]> {
    const { state } = this.#run;
    const tests = Number(state.recall(TESTS) ?? 0) + 1;
    await state.remember({ [TESTS]: String(tests) });
    const isOwn = lastValue(this.#plan.extra.test, 'report-prefix') !== undefined || !suite.knows('report-prefix');
    return tests === 1 || isOwn || !before.has(join(reportDir, 'junit_01.xml')) ? [] : [`--report-prefix=${tests}_`];
  }

  async #runSuite(
    { suite, focus, binaries }: Prepared,
    suiteContext: SuiteContext,
    signal: AbortSignal,
  ): Promise<TestSummary> {
    const { values, extra } = this.#plan;
    const { log, exec } = this.#run;
    const reportDir = resolve(
      dirname(suiteContext.e2eTest),
      lastValue(extra.test, 'report-dir') ?? suiteContext.reportDir,
    );
    const before = await junitFolder(reportDir);
    const prefix = await this.#reportPrefix(suite, before, reportDir);
    const reader = new ProgressReader();
    const output = new SuiteOutputReader();
    const started = monotonic();
    const showProgress = () => log.progress(describeProgress(reader.progress, monotonic() - started));
    const ticking = setInterval(showProgress, log.interactive ? PROGRESS_INTERVAL.interactive : PROGRESS_INTERVAL.log);
    let failure: unknown;
    try {
      const onOutput = (chunk: Uint8Array) => {
        const total = reader.progress.total;
        reader.onOutput(chunk);
        output.onOutput(chunk);
        if (total !== reader.progress.total) showProgress();
      };
      const argv = [...ginkgoCommand(values, extra, suite, suiteContext, focus), ...prefix];
      await exec(argv, { signal, env: withPath(suiteContext.env, binaries), onOutput });
    } catch (error) {
      failure = error;
    } finally {
      clearInterval(ticking);
      log.progress(undefined);
    }
    const results = await readResults(reportDir, before, signal);
    const outcome = { results, progress: reader.progress, findings: output.findings(), failure };
    const text = describeOutcome(outcome);
    if (signal.aborted) {
      log.info(`Interrupted: ${text}`);
      throw failure ?? signal.reason;
    }
    const failed = failureOf(outcome, values.allowNoTests, reportDir);
    if (failed) {
      log.error(text);
      throw failed;
    }
    if (specsRan(outcome) === undefined)
      log.warn('Unknown number of specs: no junit file, and no totals in the output');
    return { text };
  }
}

/** The suite's arguments without what only a cluster needs. */
function dryRunArguments(
  values: GinkgoValues,
  extra: ExtraArgs,
  suite: Suite,
  context: SuiteContext,
  focus: readonly string[],
): string[] {
  const withoutReport = { ...context, reportDir: '', kubeconfig: '', provider: undefined };
  const args = suiteArguments({ ...values, provider: '' }, extra, suite, withoutReport, focus);
  // Even with --report-dir in --test-args: a dry run must not replace the report of real tests.
  return suite.knows('report-dir') ? [...args, '--report-dir='] : args;
}

const noCluster = (env: Env): TestContext => ({ env, kubeconfig: undefined, provider: undefined });

function paths({ programs }: Binaries): Pick<SuiteContext, 'ginkgo' | 'e2eTest' | 'kubectl'> {
  return { ginkgo: programs.ginkgo.path, e2eTest: programs['e2e.test'].path, kubectl: programs.kubectl.path };
}

/** The versions that need no cluster. */
function programVersions({ binaries, suite, ginkgo }: Prepared): Pick<SeenVersions, 'e2eTest' | 'ginkgo'> {
  const { path } = binaries.programs.ginkgo;
  return { e2eTest: suite.version, ginkgo: 'value' in ginkgo ? { value: { version: ginkgo.value, path } } : ginkgo };
}

/** Puts the directory of the binaries first, so that the tests call the kubectl of the suite. */
function withPath(env: Env, { programs }: Binaries): Env {
  const directory = dirname(programs.kubectl.path);
  const directories = (env['PATH'] ?? '').split(delimiter);
  return programs.kubectl.origin === 'PATH' || directories[0] === directory
    ? env
    : { ...env, PATH: [directory, ...directories].join(delimiter) };
}
