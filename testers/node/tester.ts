import { dirname, resolve } from 'node:path';
import type { Env } from '../../src/api/env.ts';
import { CommandError, causeOf, messageOf, RunError, TestsFailedError, UsageError } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import type { TestContext, Tester, TestSummary } from '../../src/api/tester.ts';
import { instancePrefix } from '../../src/gcp/names.ts';
import { placeSshKeys } from '../../src/gcp/ssh-keys.ts';
import { junitFolder } from '../../src/junit/results.ts';
import { isDirectory } from '../../src/system/directories.ts';
import { type InstanceSettings, makeArguments, makeLocalArguments, remoteArguments, timeoutOf } from './arguments.ts';
import { type Mode, modeOf, type NodeValues, problemsOf, providerOf } from './binary-source.ts';
import { CreatedInstances } from './created-instances.ts';
import { findBinaries } from './find-binaries.ts';
import { deleteLeakedInstances } from './leaked-instances.ts';
import { localCommand } from './local-run.ts';
import { projectLease, withProject } from './project.ts';
import { type Report, readReport } from './report.ts';
import { supportedArguments } from './supported-flags.ts';
import { type Found, NAMES } from './test-binary.ts';

/** Timeout for e2e_node.test to print its help, in milliseconds. */
const HELP_TIMEOUT = 30_000;

/** Runs the node e2e tests: with `make test-e2e-node` of a repository, or with e2e_node.test itself. */
export class NodeTester implements Tester {
  readonly #values: NodeValues;
  readonly #run: Run;
  readonly #specified: ReadonlySet<string>;
  readonly #mode: Mode;
  readonly #provider: 'gce' | 'ec2' | undefined;
  #found: Found | undefined;
  #help = '';

  /** Throws UsageError for values that cannot work together. @param specified the names of the flags that were specified */
  constructor(values: NodeValues, run: Run, specified: ReadonlySet<string>) {
    const problems = problemsOf(values, zoneOf(values, run));
    if (problems.length > 0) throw new UsageError(problems.join('\n'));
    this.#values = values;
    this.#run = run;
    this.#specified = specified;
    this.#mode = modeOf(values);
    this.#provider = providerOf(values);
    if (this.#provider === 'gce') projectLease(values, run);
  }

  /** Build and preparation would run make in one tree, or the preparation needs the binaries of Build. */
  get preparesAfterBuild(): boolean {
    return this.#mode === 'run-dir' || this.#mode === 'build';
  }

  async prepare(signal: AbortSignal): Promise<void> {
    const { repoRoot, remote } = this.#values;
    if (repoRoot !== '' && !(await isDirectory(this.#root)))
      throw new UsageError(`invalid --repo-root: directory ${this.#root} does not exist`);
    if (remote && timeoutOf(this.#values) === undefined) {
      this.#run.log.info(
        this.#mode === 'make'
          ? "Using the runner's own timeout (45m in kubernetes/kubernetes); set --timeout to change it, 0 for none"
          : 'Using the timeout of e2e_node.test (30m in v1.37); set --timeout to change it',
      );
    }
    if (this.#mode === 'make') return;
    this.#found = await findBinaries(this.#mode, this.#values, this.#run, signal);
    if (this.#found.version !== undefined) await this.#run.records.metadata({ 'job-version': this.#found.version });
    if (remote) this.#help = await this.#readHelp(this.#found.binaries.e2eNodeTest, signal);
  }

  async test(context: TestContext, signal: AbortSignal): Promise<TestSummary> {
    if (this.#mode !== 'make' && this.#found === undefined) await this.prepare(signal);
    if (this.#provider !== 'gce') return await this.#runTests(this.#instances('', '', context.env), context, signal);
    const sshKey = await this.#sshKey(context.env);
    return await withProject(this.#values, this.#run, signal, async (project, held) => {
      this.#run.log.info(`Creating instances in project ${project}`);
      const created = new CreatedInstances();
      try {
        return await this.#runTests(this.#instances(project, sshKey, context.env), context, held, created);
      } finally {
        const prefixes = created.prefixes(...this.#instancePrefix(context.env));
        if (this.#values.deleteInstances) await deleteLeakedInstances(project, prefixes, this.#run);
      }
    });
  }

  plan(): readonly (readonly string[])[] {
    const instances = this.#instances(this.#values.gcpProject || '$PROJECT', '$SSH_KEY', this.#run.env);
    const found = this.#found ?? {
      binaries: { e2eNodeTest: NAMES.e2eNodeTest, ginkgo: NAMES.ginkgo, kubelet: NAMES.kubelet },
    };
    return [this.#command(instances, found, '')];
  }

  get #root(): string {
    return resolve(this.#run.cwd, this.#values.repoRoot);
  }

  #instances(project: string, sshKey: string, env: Env): InstanceSettings {
    return {
      project,
      zone: zoneOf(this.#values, this.#run) ?? '',
      sshUser: env['KUBE_SSH_USER'] || env['USER'] || '',
      sshKey,
    };
  }

  async #runTests(
    instances: InstanceSettings,
    context: TestContext,
    signal: AbortSignal,
    created?: CreatedInstances,
  ): Promise<TestSummary> {
    const { artifacts, exec, log } = this.#run;
    const argv = this.#command(instances, this.#found, this.#help);
    const before = await junitFolder(artifacts);
    let failure: CommandError | undefined;
    try {
      await exec(argv, {
        signal,
        env: this.#environment(context.env),
        cwd: this.#directory,
        ...this.#grace(),
        ...(created && { onOutput: (chunk) => created.onOutput(chunk) }),
      });
    } catch (error) {
      failure = causeOf(error, CommandError);
      if (signal.aborted) log.info(`Interrupted: ${(await readReport(artifacts, before, signal)).text}`);
      signal.throwIfAborted();
      if (failure === undefined) throw error;
    }
    const report = await readReport(artifacts, before, signal);
    if (failure !== undefined) {
      log.error(report.text);
      throw testsFailed(report, failure);
    }
    if (report.ran === 0 && !this.#values.allowNoTests) {
      log.error(report.text);
      throw new TestsFailedError(
        `no test ran on any instance${this.#defaultSkip()} (set --allow-no-tests to pass)`,
        report.text,
        {
          report: report.text,
        },
      );
    }
    return { text: report.text };
  }

  /** Jobs moved from kubetest often lose all their tests to a default that they do not know of. */
  #defaultSkip(): string {
    const { skipRegex } = this.#values;
    if (this.#specified.has('skip-regex') || skipRegex === '') return '';
    return `; --skip-regex is not set, and its default ${skipRegex} leaves tests out: set --skip-regex= to run them`;
  }

  #command(instances: InstanceSettings, found: Pick<Found, 'binaries'> | undefined, help: string): string[] {
    const values = this.#values;
    if (this.#mode === 'make') {
      const args = values.remote ? makeArguments(values, instances) : makeLocalArguments(values);
      return ['make', 'test-e2e-node', ...args];
    }
    if (found === undefined) throw new RunError('the node tester was not prepared');
    if (!values.remote) return localCommand(values, found.binaries, this.#run.artifacts);
    const args = supportedArguments(remoteArguments(values, instances, found.binaries), help, this.#specified);
    return [found.binaries.e2eNodeTest, 'remote', ...args];
  }

  get #directory(): string {
    if (this.#values.repoRoot !== '') return this.#root;
    // On this host e2e_node.test expects the kubelet beside it, and writes its files to its working directory.
    return this.#values.remote || !this.#found ? this.#run.cwd : dirname(this.#found.binaries.e2eNodeTest);
  }

  #environment(env: Env): Env {
    const [prefix, ours] = this.#instancePrefix(env);
    return ours ? { ...env, INSTANCE_PREFIX: prefix } : env;
  }

  /**
   * The prefix of instance names, and whether it is unique to this run: the repository's runner gets the run's prefix
   * unless the environment has one; e2e_node.test generates its own.
   */
  #instancePrefix(env: Env): [prefix: string | undefined, ours: boolean] {
    if (this.#provider !== 'gce' || this.#mode !== 'make') return [undefined, false];
    const configured = env['INSTANCE_PREFIX'];
    return configured ? [configured, false] : [instancePrefix(this.#run.id), true];
  }

  /** An interrupted runner still deletes its instances, which takes gcloud a minute or two. */
  #grace(): { readonly grace?: number } {
    const { deleteInstances, deleteInstancesTimeout, remote } = this.#values;
    return deleteInstances && remote && deleteInstancesTimeout > 0 ? { grace: deleteInstancesTimeout } : {};
  }

  async #sshKey(env: Env): Promise<string> {
    const { log } = this.#run;
    const { privateKey, state } = await placeSshKeys(env);
    if (state === 'absent') {
      log.warn(
        `No SSH key found, so the runner cannot log in to the instances: create ${privateKey}, or set GCE_SSH_PRIVATE_KEY_FILE and GCE_SSH_PUBLIC_KEY_FILE`,
      );
    }
    return privateKey;
  }

  async #readHelp(program: string, signal: AbortSignal): Promise<string> {
    const timeout = AbortSignal.timeout(HELP_TIMEOUT);
    try {
      const { stdout, stderr } = await this.#run.exec([program, 'remote', '--help'], {
        signal: AbortSignal.any([signal, timeout]),
        output: 'capture',
        okCodes: [0, 1, 2],
        grace: 1000,
      });
      return `${stdout}\n${stderr}`;
    } catch (error) {
      signal.throwIfAborted();
      throw new RunError(`cannot get the flags of ${program}: \`remote --help\` failed`, { cause: error });
    }
  }
}

/** When no spec failed, the end of the runner's output has the reason. */
function testsFailed({ failure, text }: Report, cause: CommandError): TestsFailedError {
  return failure === undefined
    ? new TestsFailedError(messageOf(cause), `${text}\n\n${cause.output}`, { cause, report: text })
    : new TestsFailedError(failure, text, { cause, report: text });
}

function zoneOf(values: NodeValues, run: Run): string | undefined {
  return values.gcpZone || run.state.recall('zone') || run.env['KUBE_GCE_ZONE'] || undefined;
}
