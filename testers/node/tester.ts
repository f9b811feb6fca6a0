import { dirname, resolve } from 'node:path';
import type { Env } from '../../src/api/env.ts';
import { CommandError, causeOf, messageOf, RunError, TestsFailedError, UsageError } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import type { TestContext, Tester, TestSummary } from '../../src/api/tester.ts';
import { instancePrefix } from '../../src/gcp/names.ts';
import { placeSshKeys } from '../../src/gcp/ssh-keys.ts';
import { junitFolder } from '../../src/junit/results.ts';
import { isDirectory } from '../../src/system/directories.ts';
import { limitOf, type Machines, makeArguments, makeLocalArguments, remoteArguments } from './arguments.ts';
import { faultsOf, type Mode, modeOf, type NodeValues, providerOf } from './binary-source.ts';
import { MadeMachines } from './created-instances.ts';
import { findBinaries } from './find-binaries.ts';
import { removeLeftMachines } from './leaked-instances.ts';
import { localCommand } from './local-run.ts';
import { projectLease, withProject } from './project.ts';
import { type Report, readReport } from './report.ts';
import { acceptedWords } from './supported-flags.ts';
import { type Found, NAMES } from './test-binary.ts';

/** How long e2e_node.test may take to show its help, in milliseconds. */
const HELP_LIMIT = 30_000;

/** Runs the node e2e tests: through `make test-e2e-node` of a repository, or by e2e_node.test itself. */
export class NodeTester implements Tester {
  readonly #values: NodeValues;
  readonly #run: Run;
  readonly #given: ReadonlySet<string>;
  readonly #mode: Mode;
  readonly #provider: 'gce' | 'ec2' | undefined;
  #found: Found | undefined;
  #help = '';

  /** Throws UsageError for values that cannot work together. @param given the names of the flags that were typed */
  constructor(values: NodeValues, run: Run, given: ReadonlySet<string>) {
    const faults = faultsOf(values, zoneOf(values, run));
    if (faults.length > 0) throw new UsageError(faults.join('\n'));
    this.#values = values;
    this.#run = run;
    this.#given = given;
    this.#mode = modeOf(values);
    this.#provider = providerOf(values);
    if (this.#provider === 'gce') projectLease(values, run);
  }

  /** Both would run make in one tree, or one needs what the other makes. */
  get preparesAfterBuild(): boolean {
    return this.#mode === 'run-dir' || this.#mode === 'build';
  }

  async prepare(signal: AbortSignal): Promise<void> {
    const { repoRoot, remote } = this.#values;
    if (repoRoot !== '' && !(await isDirectory(this.#root)))
      throw new UsageError(`--repo-root: there is no folder ${this.#root}`);
    if (remote && limitOf(this.#values) === undefined) {
      this.#run.log.info(
        this.#mode === 'make'
          ? "No --timeout: the runner's own limit holds (45m in kubernetes/kubernetes); --timeout=0 lifts it."
          : 'No --timeout: e2e_node.test gives ginkgo its own limit (30m in v1.37).',
      );
    }
    if (this.#mode === 'make') return;
    this.#found = await findBinaries(this.#mode, this.#values, this.#run, signal);
    if (this.#found.version !== undefined) await this.#run.records.metadata({ 'job-version': this.#found.version });
    if (remote) this.#help = await this.#askHelp(this.#found.binaries.e2eNodeTest, signal);
  }

  async test(context: TestContext, signal: AbortSignal): Promise<TestSummary> {
    if (this.#mode !== 'make' && this.#found === undefined) await this.prepare(signal);
    if (this.#provider !== 'gce') return await this.#runTests(this.#machines('', '', context.env), context, signal);
    const sshKey = await this.#sshKey(context.env);
    return await withProject(this.#values, this.#run, signal, async (project, held) => {
      this.#run.log.info(`The machines are made in project ${project}.`);
      const made = new MadeMachines();
      try {
        return await this.#runTests(this.#machines(project, sshKey, context.env), context, held, made);
      } finally {
        const prefixes = made.prefixes(...this.#instancePrefix(context.env));
        if (this.#values.deleteInstances) await removeLeftMachines(project, prefixes, this.#run);
      }
    });
  }

  plan(): readonly (readonly string[])[] {
    const machines = this.#machines(this.#values.gcpProject || '$PROJECT', '$SSH_KEY', this.#run.env);
    const found = this.#found ?? {
      binaries: { e2eNodeTest: NAMES.e2eNodeTest, ginkgo: NAMES.ginkgo, kubelet: NAMES.kubelet },
    };
    return [this.#command(machines, found, '')];
  }

  get #root(): string {
    return resolve(this.#run.cwd, this.#values.repoRoot);
  }

  #machines(project: string, sshKey: string, env: Env): Machines {
    return {
      project,
      zone: zoneOf(this.#values, this.#run) ?? '',
      sshUser: env['KUBE_SSH_USER'] || env['USER'] || '',
      sshKey,
    };
  }

  async #runTests(
    machines: Machines,
    context: TestContext,
    signal: AbortSignal,
    made?: MadeMachines,
  ): Promise<TestSummary> {
    const { artifacts, exec, log } = this.#run;
    const argv = this.#command(machines, this.#found, this.#help);
    const before = await junitFolder(artifacts);
    let failure: CommandError | undefined;
    try {
      await exec(argv, {
        signal,
        env: this.#environment(context.env),
        cwd: this.#folder,
        ...this.#grace(),
        ...(made && { onOutput: (chunk) => made.take(chunk) }),
      });
    } catch (error) {
      failure = causeOf(error, CommandError);
      if (signal.aborted) log.info(`interrupted: ${(await readReport(artifacts, before)).text}`);
      signal.throwIfAborted();
      if (failure === undefined) throw error;
    }
    const report = await readReport(artifacts, before);
    if (failure !== undefined) {
      log.error(report.text);
      throw testsFailed(report, failure);
    }
    if (report.ran === 0 && !this.#values.allowNoTests) {
      log.error(report.text);
      throw new TestsFailedError('no test ran on any machine (--allow-no-tests lets this pass)', report.text, {
        report: report.text,
      });
    }
    return { text: report.text };
  }

  #command(machines: Machines, found: Pick<Found, 'binaries'> | undefined, help: string): string[] {
    const values = this.#values;
    if (this.#mode === 'make') {
      const words = values.remote ? makeArguments(values, machines) : makeLocalArguments(values);
      return ['make', 'test-e2e-node', ...words];
    }
    if (found === undefined) throw new RunError('the node tester was not prepared');
    if (!values.remote) return localCommand(values, found.binaries, this.#run.artifacts);
    const words = acceptedWords(remoteArguments(values, machines, found.binaries), help, this.#given);
    return [found.binaries.e2eNodeTest, 'remote', ...words];
  }

  get #folder(): string {
    if (this.#values.repoRoot !== '') return this.#root;
    // On this host e2e_node.test looks for the kubelet beside it, and writes its files where it runs.
    return this.#values.remote || !this.#found ? this.#run.cwd : dirname(this.#found.binaries.e2eNodeTest);
  }

  #environment(env: Env): Env {
    const [prefix, ours] = this.#instancePrefix(env);
    return ours ? { ...env, INSTANCE_PREFIX: prefix } : env;
  }

  /**
   * What the names of machines begin with, and whether that is of this run alone: the repository's runner takes the
   * run's prefix unless the environment has one; e2e_node.test makes up its own.
   */
  #instancePrefix(env: Env): [prefix: string | undefined, ours: boolean] {
    if (this.#provider !== 'gce' || this.#mode !== 'make') return [undefined, false];
    const given = env['INSTANCE_PREFIX'];
    return given ? [given, false] : [instancePrefix(this.#run.id), true];
  }

  /** An interrupted runner still has its machines to delete, which takes gcloud a minute or two. */
  #grace(): { readonly grace?: number } {
    const { deleteInstances, deleteInstancesTimeout, remote } = this.#values;
    return deleteInstances && remote && deleteInstancesTimeout > 0 ? { grace: deleteInstancesTimeout } : {};
  }

  async #sshKey(env: Env): Promise<string> {
    const { log } = this.#run;
    const { privateKey, state } = await placeSshKeys(env);
    if (state === 'absent') {
      log.warn(
        `there is no SSH key: neither ${privateKey} nor the files of $GCE_SSH_PRIVATE_KEY_FILE and $GCE_SSH_PUBLIC_KEY_FILE; the machines will not let the runner in`,
      );
    }
    return privateKey;
  }

  async #askHelp(program: string, signal: AbortSignal): Promise<string> {
    const limit = AbortSignal.timeout(HELP_LIMIT);
    try {
      const { stdout, stderr } = await this.#run.exec([program, 'remote', '--help'], {
        signal: AbortSignal.any([signal, limit]),
        output: 'capture',
        okCodes: [0, 1, 2],
        grace: 1000,
      });
      return `${stdout}\n${stderr}`;
    } catch (error) {
      signal.throwIfAborted();
      throw new RunError(`${program} does not show its help`, { cause: error });
    }
  }
}

/** Where no spec failed, the runner's own last words say why it did. */
function testsFailed({ failure, text }: Report, cause: CommandError): TestsFailedError {
  return failure === undefined
    ? new TestsFailedError(messageOf(cause), `${text}\n\n${cause.output}`, { cause, report: text })
    : new TestsFailedError(failure, text, { cause, report: text });
}

function zoneOf(values: NodeValues, run: Run): string | undefined {
  return values.gcpZone || run.state.recall('zone') || run.env['KUBE_GCE_ZONE'] || undefined;
}
