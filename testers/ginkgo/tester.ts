import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import type { Env } from '../../src/api/env.ts';
import { RunError } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import type { TestContext, Tester, TestSummary } from '../../src/api/tester.ts';
import type { Acquirer } from '../../src/download/downloader.ts';
import { junitFolder, readResults } from '../../src/junit/results.ts';
import { checkVersionSkew } from '../../src/kube/skew/check.ts';
import type { Seen, SeenVersions, SkewRules } from '../../src/kube/skew/rules.ts';
import { monotonic } from '../../src/system/clock.ts';
import { type ExtraWords, ginkgoCommand, lastValue, type Surroundings, suiteArguments } from './arguments.ts';
import { findBinaries } from './find-binaries.ts';
import type { GinkgoValues } from './flags.ts';
import { listSpecs } from './list-specs.ts';
import { describeProgress, ProgressReader } from './progress.ts';
import { failedSpecs, focusOn } from './rerun.ts';
import { inspectSuite, type Suite } from './suite.ts';
import type { Binaries } from './test-binary.ts';
import { describeEnding, failureOf, specsRan } from './test-summary.ts';
import { recordVersions } from './versions.ts';

/** What the command line says, read and checked. */
export interface GinkgoPlan {
  readonly values: GinkgoValues;
  readonly extra: ExtraWords;
  /** `--env`. */
  readonly variables: Env;
  readonly skew: SkewRules;
}

/** What does not need the cluster. */
interface Prepared {
  readonly binaries: Binaries;
  readonly suite: Suite;
  /** The version of ginkgo. */
  readonly ginkgo: Seen<string>;
  /** The expressions that select the specs. */
  readonly focus: readonly string[];
}

/** Milliseconds between two looks at the progress. */
const TICK = { interactive: 1000, log: 15_000 };

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
    const where = {
      ginkgo: join(dir, 'ginkgo'),
      e2eTest: join(dir, 'e2e.test'),
      kubectl: join(dir, 'kubectl'),
      ...this.#surroundings(context),
    };
    const { values, extra } = this.#plan;
    const focus = values.rerunFailed === '' ? undefined : [`(the failed specs of ${values.rerunFailed})`];
    const suite: Suite = { version: { unknown: 'not asked' }, ginkgo: 2, knows: () => true };
    return [ginkgoCommand(values, extra, suite, where, focus)];
  }

  async test(context: TestContext, signal: AbortSignal): Promise<TestSummary | undefined> {
    const prepared = this.#prepared ?? (await this.#prepare(signal));
    const { values, skew } = this.#plan;
    if (values.rerunFailed !== '' && prepared.focus.length === 0)
      return { text: `no spec failed in ${values.rerunFailed}` };
    const where = { ...paths(prepared.binaries), ...this.#surroundings(context) };
    if (values.listSpecs) return await this.#list(prepared, where, signal);
    this.#run.log.info(`testing with the kubeconfig ${where.kubeconfig}`);
    const kubectl = lastValue(this.#plan.extra.test, 'kubectl-path') ?? where.kubectl;
    const tools = { ...where, ...programVersions(prepared), kubectl, exec: this.#run.exec };
    await checkVersionSkew(skew, tools, this.#run, signal);
    return await this.#runSuite(prepared, where, signal);
  }

  async #prepare(signal: AbortSignal): Promise<Prepared> {
    const { values } = this.#plan;
    const run = this.#run;
    const focus = await this.#focus();
    const binaries = await findBinaries(values, run, this.#openAcquirer, signal);
    const suite = await inspectSuite(binaries.programs['e2e.test'], run.exec, run.env, signal);
    const ginkgo = await recordVersions(binaries, suite, run, signal);
    // What the suite is not able to do is told now, not when there is a cluster.
    suiteArguments(
      values,
      this.#plan.extra,
      suite,
      { ...paths(binaries), ...this.#surroundings(noCluster(run.env)) },
      focus,
    );
    return { binaries, suite, ginkgo, focus };
  }

  async #focus(): Promise<string[]> {
    const { focusRegex, rerunFailed, allowNoTests } = this.#plan.values;
    if (rerunFailed === '') return [focusRegex];
    const specs = await failedSpecs(resolve(this.#run.cwd, rerunFailed));
    if (specs.length === 0 && !allowNoTests) {
      throw new RunError(`--rerun-failed: no spec failed in ${rerunFailed} (--allow-no-tests lets this pass)`);
    }
    return specs.map(focusOn);
  }

  #surroundings({ env, kubeconfig, provider }: TestContext): Omit<Surroundings, 'ginkgo' | 'e2eTest' | 'kubectl'> {
    const { cwd, artifacts } = this.#run;
    const config = kubeconfig ?? (env['KUBECONFIG'] || join(env['HOME'] || homedir(), '.kube', 'config'));
    const variables = { ...env, ...this.#plan.variables };
    return { kubeconfig: resolve(cwd, config), reportDir: artifacts, provider, env: variables };
  }

  async #list({ suite, focus }: Prepared, where: Surroundings, signal: AbortSignal): Promise<TestSummary> {
    if (suite.ginkgo === 1) throw new RunError('--list-specs: a Ginkgo 1 suite cannot list its specs');
    const { values, extra } = this.#plan;
    const unreported = { ...where, reportDir: '', kubeconfig: '', provider: undefined };
    const words = suiteArguments({ ...values, provider: '' }, extra, suite, unreported, focus);
    // Whatever the extra arguments say, the report of a dry run must not replace one of real tests.
    if (suite.knows('report-dir')) words.push('--report-dir=');
    const count = await listSpecs(where.e2eTest, words, where.env, this.#run, signal);
    return { text: `${count} specs would run` };
  }

  async #runSuite(
    { suite, focus, binaries }: Prepared,
    where: Surroundings,
    signal: AbortSignal,
  ): Promise<TestSummary> {
    const { values, extra } = this.#plan;
    const { log, exec } = this.#run;
    const argv = ginkgoCommand(values, extra, suite, where, focus);
    const reportDir = resolve(dirname(where.e2eTest), lastValue(extra.test, 'report-dir') ?? where.reportDir);
    const before = await junitFolder(reportDir);
    const reader = new ProgressReader();
    const started = monotonic();
    const tell = () => log.progress(describeProgress(reader.progress, monotonic() - started));
    const ticking = setInterval(tell, log.interactive ? TICK.interactive : TICK.log);
    let failure: unknown;
    try {
      const onOutput = (chunk: Uint8Array) => {
        const known = reader.progress.total;
        reader.take(chunk);
        if (known !== reader.progress.total) tell();
      };
      await exec(argv, { signal, env: withPath(where.env, binaries), onOutput });
    } catch (error) {
      failure = error;
    } finally {
      clearInterval(ticking);
      log.progress(undefined);
    }
    const ending = { results: await readResults(reportDir, before), progress: reader.progress, failure };
    const text = describeEnding(ending);
    if (signal.aborted) {
      log.info(`interrupted: ${text}`);
      throw failure ?? signal.reason;
    }
    const failed = failureOf(ending, values.allowNoTests);
    if (failed) {
      log.error(text);
      throw failed;
    }
    if (specsRan(ending) === undefined) log.warn('neither the output nor a junit file tells how many specs ran');
    return { text };
  }
}

const noCluster = (env: Env): TestContext => ({ env, kubeconfig: undefined, provider: undefined });

function paths({ programs }: Binaries): Pick<Surroundings, 'ginkgo' | 'e2eTest' | 'kubectl'> {
  return { ginkgo: programs.ginkgo.path, e2eTest: programs['e2e.test'].path, kubectl: programs.kubectl.path };
}

/** What is known without the cluster. */
function programVersions({ binaries, suite, ginkgo }: Prepared): Pick<SeenVersions, 'e2eTest' | 'ginkgo'> {
  const { path } = binaries.programs.ginkgo;
  return { e2eTest: suite.version, ginkgo: 'value' in ginkgo ? { value: { version: ginkgo.value, path } } : ginkgo };
}

/** The folder of the programs comes first, so that whatever calls kubectl calls the one that fits the suite. */
function withPath(env: Env, { programs }: Binaries): Env {
  const folder = dirname(programs.kubectl.path);
  const folders = (env['PATH'] ?? '').split(delimiter);
  return programs.kubectl.origin === 'PATH' || folders[0] === folder
    ? env
    : { ...env, PATH: [folder, ...folders].join(delimiter) };
}
