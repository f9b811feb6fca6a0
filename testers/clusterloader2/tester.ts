import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CommandError, messageOf, RunError, TestsFailedError, UsageError } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import type { TestContext, Tester, TestSummary } from '../../src/api/tester.ts';
import { latencyPicture } from '../../src/perf/picture.ts';
import { writeAtomic } from '../../src/system/atomic-write.ts';
import { isDirectory } from '../../src/system/directories.ts';
import { shellSplit } from '../../src/text/shell-split.ts';
import { type Clusterloader2Values, clusterloaderArguments, hasConfigs, isDryRun } from './arguments.ts';
import { findBinary } from './binary.ts';
import { exists, findFiles } from './files.ts';
import { describeReport, failureSentence, readReport } from './report.ts';
import { suiteConfigs } from './suites.ts';

/** Runs clusterloader2 on the cluster and adds its report to the run's summary. */
export class Clusterloader2Tester implements Tester {
  readonly #values: Clusterloader2Values;
  readonly #run: Run;
  readonly #verbosity: number;
  readonly #suiteConfigs: readonly string[];
  readonly #extraArgs: readonly string[];
  /** The clusterloader2 directory of the repository. */
  readonly #directory: string | undefined;
  #prepared: { readonly program: string; readonly configs: string[]; readonly overrides: string[] } | undefined;

  /** Throws UsageError for invalid values. */
  constructor(values: Clusterloader2Values, run: Run, verbosity: number) {
    this.#values = values;
    this.#run = run;
    this.#verbosity = verbosity;
    if (values.repoRoot === '' && values.binary === '') {
      throw new UsageError(
        'the clusterloader2 tester needs --repo-root=PERF-TESTS, or --binary for a built clusterloader2',
      );
    }
    if (values.nodes < 0) throw new UsageError(`invalid --nodes ${values.nodes}: must not be negative`);
    this.#suiteConfigs = suiteConfigs(values.suites);
    if (this.#suiteConfigs.length > 0 && values.repoRoot === '') {
      throw new UsageError('--suites needs --repo-root=PERF-TESTS');
    }
    this.#extraArgs = split(values.extraArgs);
    if (this.#configPaths.length === 0 && !hasConfigs(this.#extraArgs)) {
      throw new UsageError('no tests specified: set --suites, --test-configs, or --testsuite in --extra-args');
    }
    this.#directory = values.repoRoot === '' ? undefined : join(resolve(run.cwd, values.repoRoot), 'clusterloader2');
  }

  async prepare(signal: AbortSignal): Promise<void> {
    const directory = this.#directory;
    if (directory !== undefined && !(await isDirectory(directory))) {
      throw new UsageError(
        `invalid --repo-root ${this.#values.repoRoot}: not a checkout of perf-tests (${directory} does not exist)`,
      );
    }
    const search = { repository: directory, cwd: this.#run.cwd };
    const configs = await findFiles('--test-configs', this.#values.testConfigs, search);
    const suites = await findFiles('--suites', this.#suiteConfigs, search);
    const overrides = await findFiles('--test-overrides', this.#values.testOverrides, search);
    const program = await findBinary(this.#values.binary, directory, this.#run, signal);
    this.#prepared = { program, configs: [...configs, ...suites], overrides };
  }

  async test(context: TestContext, signal: AbortSignal): Promise<TestSummary> {
    if (this.#prepared === undefined) await this.prepare(signal);
    const prepared = this.#prepared;
    if (prepared === undefined) throw new RunError('clusterloader2 was not prepared');
    const reportDir = this.#reportDir(context);
    await mkdir(reportDir, { recursive: true });
    const args = this.#args(await this.#kubeconfig(context), context, prepared);
    const started = Date.now();
    let failure: CommandError | undefined;
    try {
      const dryRun = isDryRun(this.#extraArgs);
      const { exitCode, tail } = await this.#run.exec([prepared.program, ...args], {
        signal,
        env: context.env,
        cwd: this.#directory ?? this.#run.cwd,
        okCodes: dryRun ? [0, 1] : [0],
      });
      if (dryRun) return dryRunSummary(exitCode, tail, reportDir);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof CommandError)) throw error;
      failure = error;
    }
    return await this.#results(reportDir, started, failure, signal);
  }

  plan(context: TestContext): readonly (readonly string[])[] {
    const { binary, testConfigs, testOverrides } = this.#values;
    const paths = { configs: [...testConfigs, ...this.#suiteConfigs], overrides: [...testOverrides] };
    const kubeconfig = this.#values.kubeConfig || context.kubeconfig || '$KUBECONFIG';
    const args = this.#args(kubeconfig, context, paths);
    const build = binary === '' ? [['go', 'build', '-o', 'clusterloader2', './cmd/']] : [];
    return [...build, [binary || 'clusterloader2', ...args]];
  }

  get #configPaths(): readonly string[] {
    return [...this.#values.testConfigs, ...this.#suiteConfigs].filter((path) => path !== '');
  }

  #args(
    kubeconfig: string,
    context: TestContext,
    { configs, overrides }: { readonly configs: readonly string[]; readonly overrides: readonly string[] },
  ): string[] {
    return clusterloaderArguments(this.#values, {
      verbosity: this.#verbosity,
      provider: this.#values.provider ?? context.provider ?? (context.env['PROVIDER'] || 'skeleton'),
      kubeconfig,
      reportDir: this.#reportDir(context),
      configs,
      overrides,
      extraArgs: this.#extraArgs,
    });
  }

  #reportDir(context: TestContext): string {
    return resolve(this.#run.cwd, this.#values.reportDir || context.env['ARTIFACTS'] || this.#run.artifacts);
  }

  /** Resolves a relative path against the working directory if it exists there; clusterloader2 runs in the repository. */
  async #kubeconfig(context: TestContext): Promise<string> {
    const path = this.#values.kubeConfig || context.env['KUBECONFIG'] || context.kubeconfig || '';
    const here = resolve(this.#run.cwd, path);
    return path !== '' && (await exists(here)) ? here : path;
  }

  async #results(
    reportDir: string,
    started: number,
    failure: CommandError | undefined,
    signal: AbortSignal,
  ): Promise<TestSummary> {
    // File times are coarser than the clock.
    const report = await readReport(reportDir, started - 1000, signal);
    const text = [describeReport(report), await this.#draw(report.latencies)].filter((part) => part !== '').join('\n');
    if (failure === undefined && report.failed.length === 0) return { text };
    this.#run.log.error(text);
    // When no step failed, the end of its output has the reason.
    const output = report.failed.length === 0 ? `${text}\n\n${failure?.output ?? ''}` : text;
    throw new TestsFailedError(failureSentence(report), output, { cause: failure, report: text });
  }

  async #draw(latencies: Parameters<typeof latencyPicture>[1]): Promise<string> {
    const svg = await latencyPicture(`Latency percentiles of clusterloader2, run ${this.#run.id}`, latencies);
    if (svg === undefined) return '';
    const file = join(this.#run.artifacts, 'clusterloader2-latency.svg');
    writeAtomic(file, svg);
    return `picture: ${file}`;
  }
}

/** clusterloader2 exits with 1 after a dry run, and prints that; any other exit is a failure. */
function dryRunSummary(exitCode: number, tail: string, reportDir: string): TestSummary {
  if (exitCode === 0 || /dry run mode enabled/i.test(tail)) {
    return { text: `clusterloader2 compiled its configs into ${reportDir}, and ran no tests (dry run)` };
  }
  throw new TestsFailedError('clusterloader2 cannot compile its configs', tail);
}

function split(extraArgs: string): string[] {
  try {
    return shellSplit(extraArgs);
  } catch (error) {
    throw new UsageError(`invalid --extra-args: ${messageOf(error)}`, { cause: error });
  }
}
