import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CommandError, RunError, TestsFailedError, UsageError } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import type { TestContext, Tester, TestSummary } from '../../src/api/tester.ts';
import { latencyPicture } from '../../src/perf/picture.ts';
import { writeAtomic } from '../../src/system/atomic-write.ts';
import { isDirectory } from '../../src/system/directories.ts';
import { shellSplit } from '../../src/text/shell-split.ts';
import { bringsConfigs, type Clusterloader2Values, clusterloaderArguments, isDryRun } from './arguments.ts';
import { findBinary } from './binary.ts';
import { exists, findFiles } from './files.ts';
import { describeReport, failureSentence, readReport } from './report.ts';
import { suiteConfigs } from './suites.ts';

/** Runs clusterloader2 on the cluster and folds what it reports into the run's summary. */
export class Clusterloader2Tester implements Tester {
  readonly #values: Clusterloader2Values;
  readonly #run: Run;
  readonly #verbosity: number;
  readonly #suiteConfigs: readonly string[];
  readonly #extraArgs: readonly string[];
  /** The clusterloader2 folder of the repository. */
  readonly #folder: string | undefined;
  #prepared: { readonly program: string; readonly configs: string[]; readonly overrides: string[] } | undefined;

  /** Throws UsageError for values that cannot work. */
  constructor(values: Clusterloader2Values, run: Run, verbosity: number) {
    this.#values = values;
    this.#run = run;
    this.#verbosity = verbosity;
    if (values.repoRoot === '' && values.binary === '') {
      throw new UsageError(
        'the clusterloader2 tester needs --repo-root=PERF-TESTS, or --binary for a clusterloader2 that is already built',
      );
    }
    if (values.nodes < 0) throw new UsageError('--nodes cannot be negative');
    this.#suiteConfigs = suiteConfigs(values.suites);
    if (this.#suiteConfigs.length > 0 && values.repoRoot === '') {
      throw new UsageError('--suites are found in the repository: give --repo-root=PERF-TESTS');
    }
    this.#extraArgs = split(values.extraArgs);
    if (this.#configPaths.length === 0 && !bringsConfigs(this.#extraArgs)) {
      throw new UsageError('no tests: give --suites, --test-configs, or --testsuite among --extra-args');
    }
    this.#folder = values.repoRoot === '' ? undefined : join(resolve(run.cwd, values.repoRoot), 'clusterloader2');
  }

  async prepare(signal: AbortSignal): Promise<void> {
    const folder = this.#folder;
    if (folder !== undefined && !(await isDirectory(folder))) {
      throw new UsageError(`--repo-root: ${this.#values.repoRoot} is no checkout of perf-tests, there is no ${folder}`);
    }
    const places = { repository: folder, cwd: this.#run.cwd };
    const configs = await findFiles('--test-configs', this.#values.testConfigs, places);
    const suites = await findFiles('--suites', this.#suiteConfigs, places);
    const overrides = await findFiles('--test-overrides', this.#values.testOverrides, places);
    const program = await findBinary(this.#values.binary, folder, this.#run, signal);
    this.#prepared = { program, configs: [...configs, ...suites], overrides };
  }

  async test(context: TestContext, signal: AbortSignal): Promise<TestSummary> {
    if (this.#prepared === undefined) await this.prepare(signal);
    const prepared = this.#prepared;
    if (prepared === undefined) throw new RunError('clusterloader2 was not prepared');
    const reportDir = this.#reportDir(context);
    await mkdir(reportDir, { recursive: true });
    const words = this.#words(await this.#kubeconfig(context), context, prepared);
    const started = Date.now();
    let failure: CommandError | undefined;
    try {
      const dryRun = isDryRun(this.#extraArgs);
      const { exitCode, tail } = await this.#run.exec([prepared.program, ...words], {
        signal,
        env: context.env,
        cwd: this.#folder ?? this.#run.cwd,
        okCodes: dryRun ? [0, 1] : [0],
      });
      if (dryRun) return dryRunSummary(exitCode, tail, reportDir);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof CommandError)) throw error;
      failure = error;
    }
    return await this.#results(reportDir, started, failure);
  }

  plan(context: TestContext): readonly (readonly string[])[] {
    const { binary, testConfigs, testOverrides } = this.#values;
    const paths = { configs: [...testConfigs, ...this.#suiteConfigs], overrides: [...testOverrides] };
    const kubeconfig = this.#values.kubeConfig || context.kubeconfig || '$KUBECONFIG';
    const words = this.#words(kubeconfig, context, paths);
    const build = binary === '' ? [['go', 'build', '-o', 'clusterloader2', './cmd/']] : [];
    return [...build, [binary || 'clusterloader2', ...words]];
  }

  get #configPaths(): readonly string[] {
    return [...this.#values.testConfigs, ...this.#suiteConfigs].filter((path) => path !== '');
  }

  #words(
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

  /** A path that is not absolute is meant from here when it is here; clusterloader2 runs in the repository. */
  async #kubeconfig(context: TestContext): Promise<string> {
    const path = this.#values.kubeConfig || context.env['KUBECONFIG'] || context.kubeconfig || '';
    const here = resolve(this.#run.cwd, path);
    return path !== '' && (await exists(here)) ? here : path;
  }

  async #results(reportDir: string, started: number, failure: CommandError | undefined): Promise<TestSummary> {
    // File systems keep times in coarser steps than the clock tells them.
    const report = await readReport(reportDir, started - 1000);
    const text = [describeReport(report), await this.#draw(report.latencies)].filter((part) => part !== '').join('\n');
    if (failure === undefined && report.failed.length === 0) return { text };
    this.#run.log.error(text);
    // Where no step failed, its own last words say why it did.
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

/** clusterloader2 ends a dry run with exit code 1 and says so; any other end is a failure. */
function dryRunSummary(exitCode: number, tail: string, reportDir: string): TestSummary {
  if (exitCode === 0 || /dry run mode enabled/i.test(tail)) {
    return { text: `clusterloader2 compiled its configs and ran nothing; they are in ${reportDir}` };
  }
  throw new TestsFailedError('clusterloader2 could not compile its configs', tail);
}

function split(extraArgs: string): string[] {
  try {
    return shellSplit(extraArgs);
  } catch (error) {
    throw new UsageError(`--extra-args: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
