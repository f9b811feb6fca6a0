import { access, constants } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Deployer, defineDeployer } from '../../src/api/deployer.ts';
import { RunError, UsageError } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import { readKubeconfig } from '../../src/kube/kubeconfig.ts';
import { reasonOf } from '../../src/system/system-error.ts';
import { build } from './build.ts';
import { type ClusterPlan, clusterResource } from './cluster.ts';
import { configOfFlags, hasConfigFlags, nodeCounts, readConfig } from './config.ts';
import { down } from './down.ts';
import { kubeconfigPath, type Tools } from './exec-kind.ts';
import { findKind } from './find-kind.ts';
import { flags, type KindValues } from './flags.ts';
import { buildArgs, createArgs, deleteArgs, nodeImage, savedConfigPath } from './kind-args.ts';
import { isArchive, loadCommands } from './load.ts';
import { dumpLogs } from './logs.ts';
import { clusterNameOf } from './names.ts';
import { chooseProvider, PROVIDER_VARIABLE } from './provider.ts';
import { ginkgoDefaults, SCRIPT_TEST_ENVIRONMENT } from './tester-defaults.ts';

/** A kind cluster: its nodes are containers on this host. */
class KindCluster implements Deployer {
  readonly #run: Run;
  readonly #values: KindValues;
  readonly #name: string;
  #tools: Tools | undefined;
  #plan: ClusterPlan | undefined;
  /** This call began to create the cluster, and it is not up. */
  #failed = false;

  constructor(values: KindValues, run: Run) {
    this.#run = run;
    this.#values = values;
    this.#name = values.clusterName || run.state.recall('cluster-name') || clusterNameOf(run.id);
  }

  /** Reads the configuration and finds or downloads kind, so that mistakes show before a build. */
  async init(signal: AbortSignal): Promise<void> {
    const run = this.#run;
    const values = this.#values;
    const flagConfig = await configOfFlags(values);
    const file = values.config === '' ? undefined : await readConfig(resolve(run.cwd, values.config));
    if (file?.config['nodes'] !== undefined && (values.nodes ?? values.workers ?? values.controlPlanes) !== undefined) {
      throw new UsageError(
        '--nodes, --workers and --control-planes cannot be used with the nodes of --config: remove the flags, or the nodes from the file',
      );
    }
    await checkArchives(values, run);
    this.#plan = { name: this.#name, image: '', flagConfig, file };
    const kind = await findKind(values, run, signal);
    this.#tools = { run, values, kind, provider: chooseProvider(values, run) };
  }

  async build(signal: AbortSignal): Promise<void> {
    await build(this.#ready(), signal);
  }

  async up(signal: AbortSignal): Promise<void> {
    const tools = this.#ready();
    const plan = this.#plan ?? { name: this.#name, flagConfig: undefined, file: undefined };
    const { up } = await import('./up.ts');
    await up(tools, { ...plan, image: nodeImage(tools) }, signal, () => {
      this.#failed = true;
    });
    this.#failed = false;
  }

  async down(signal: AbortSignal): Promise<void> {
    await down(this.#ready(), signal);
    this.#failed = false;
  }

  async dumpLogs(signal: AbortSignal): Promise<void> {
    if (this.#tools) await dumpLogs(this.#tools, signal);
  }

  /** Deletes a cluster that failed to come up, as kind does; it was kept only for its logs. */
  async finish(signal: AbortSignal): Promise<void> {
    const { asked, log } = this.#run;
    if (!this.#failed || !this.#tools || asked.down !== 'never') return;
    if (this.#values.retain || asked.keep) {
      log.info(`Keeping the nodes of "${this.#name}" (${this.#values.retain ? '--retain' : '--down=never'})`);
      return;
    }
    const created = this.#run.state.recall('cluster-name');
    await down(this.#tools, signal);
    if (created !== undefined) await this.#run.state.released(clusterResource(created));
  }

  kubeconfigPath(): string {
    return kubeconfigPath({ run: this.#run, values: this.#values });
  }

  /** Throws RunError when the run has no cluster and --kubeconfig is not set, or its current context is another cluster. */
  async kubeconfig(): Promise<string> {
    const path = this.kubeconfigPath();
    const created = this.#run.state.recall('cluster-name');
    if (created === undefined && this.#values.kubeconfig === '') {
      throw new RunError(
        `run ${this.#run.id} has no kind cluster: set --up, --run-id of the run that has one, or --kubeconfig`,
      );
    }
    const { context } = await readKubeconfig(path);
    if (created !== undefined && context !== `kind-${created}`) {
      throw new RunError(`the current context of ${path} is ${context}, not kind-${created}, the cluster of this run`);
    }
    return path;
  }

  outputs(): Readonly<Record<string, string>> {
    const created = this.#run.state.recall('cluster-name');
    return {
      ...(created !== undefined && { KIND_CLUSTER_NAME: created }),
      ...(this.#values.provider !== '' && { [PROVIDER_VARIABLE]: this.#values.provider }),
      ...(this.#values.e2eK8s && SCRIPT_TEST_ENVIRONMENT),
    };
  }

  plan(step: 'build' | 'up' | 'down'): readonly (readonly string[])[] {
    const tools = { run: this.#run, values: this.#values, provider: chooseProvider(this.#values, this.#run) };
    const name = this.#name;
    const kind = (args: readonly string[]) => ['kind', ...args];
    const config = hasConfigFlags(tools.values) ? savedConfigPath(tools.run) : tools.values.config || undefined;
    const commands = {
      build: () => [kind(buildArgs(tools))],
      up: () => [
        kind(createArgs(tools, name, nodeImage(tools), config)),
        ...loadCommands(tools, name).map((each) => ['archive' in each ? tools.provider : 'kind', ...each.args]),
      ],
      down: () => [kind(deleteArgs(tools, name))],
    };
    return commands[step]();
  }

  #ready(): Tools {
    if (!this.#tools) throw new RunError('the kind deployer was not initialized');
    return this.#tools;
  }
}

/** Throws UsageError for a missing archive, before there is a cluster to load it into. */
async function checkArchives({ loadImage }: KindValues, { cwd }: Run): Promise<void> {
  for (const archive of loadImage.filter(isArchive)) {
    await access(resolve(cwd, archive), constants.R_OK).catch((error: unknown) => {
      throw new UsageError(`invalid --load-image ${resolve(cwd, archive)}: ${reasonOf(error)}`, { cause: error });
    });
  }
}

/** A later call of a run must use the run's cluster. Throws UsageError for another value. */
function rejectOther(flag: string, value: string, existing: string | undefined, run: Run): void {
  if (existing === undefined || value === '' || value === existing) return;
  throw new UsageError(
    `invalid ${flag} ${value}: the cluster of run ${run.id} has ${existing}; remove the flag, or use another --run-id`,
  );
}

export const kind = defineDeployer({
  name: 'kind',
  summary: 'Create a local cluster in containers, with kind',
  examples: [
    'kubetest2-ts kind --up --down --test=ginkgo -- --focus-regex=Secrets',
    'kubetest2-ts kind --build --kube-root=../kubernetes --up',
  ],
  flags,
  create: ({ flags: values, run }) => {
    if (values.config === '-')
      throw new UsageError('invalid --config -: reading from stdin is not supported; specify a file');
    nodeCounts(values);
    const { build, up, down } = run.asked;
    if (down !== 'never' && !build && !up && run.isNew && values.clusterName === '') {
      throw new UsageError(
        'no run with a kind cluster found for --down: specify the run with --run-id (and --rundir), or the cluster with --cluster-name',
      );
    }
    rejectOther('--cluster-name', values.clusterName, run.state.recall('cluster-name'), run);
    rejectOther('--provider', values.provider, run.state.recall('kind-provider'), run);
    return new KindCluster(values, run);
  },
  testerDefaults: (tester, env, values) => (tester === 'ginkgo' ? ginkgoDefaults(env, values) : []),
});
