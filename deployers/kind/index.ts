import { access, constants } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Deployer, defineDeployer } from '../../src/api/deployer.ts';
import { RunError, UsageError } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import { readKubeconfig } from '../../src/kube/kubeconfig.ts';
import { build } from './build.ts';
import { readConfig, saysSomething, wantedConfig } from './config.ts';
import { down } from './down.ts';
import { kubeconfigPath, type Tools } from './exec-kind.ts';
import { findKind } from './find-kind.ts';
import { flags, type KindValues } from './flags.ts';
import { buildWords, createWords, deleteWords, keptConfigPath, nodeImage } from './kind-args.ts';
import { isArchive, loadCommands } from './load.ts';
import { dumpLogs } from './logs.ts';
import { clusterNameOf } from './names.ts';
import { chooseProvider, PROVIDER_VARIABLE } from './provider.ts';
import { ginkgoDefaults, SCRIPT_TEST_ENVIRONMENT } from './tester-defaults.ts';
import { type ClusterPlan, clusterTaken, up } from './up.ts';

/** A cluster of kind: nodes are containers on this machine. */
class KindCluster implements Deployer {
  readonly #run: Run;
  readonly #values: KindValues;
  readonly #name: string;
  #tools: Tools | undefined;
  #plan: ClusterPlan | undefined;
  #failed = false;

  constructor(values: KindValues, run: Run) {
    this.#run = run;
    this.#values = values;
    this.#name = values.clusterName || run.state.recall('cluster-name') || clusterNameOf(run.id);
  }

  /** Reads the configuration and finds kind, downloading it if need be: what is wrong there shows before a build. */
  async init(signal: AbortSignal): Promise<void> {
    const run = this.#run;
    const values = this.#values;
    const wanted = await wantedConfig(values);
    const file = values.config === '' ? undefined : await readConfig(resolve(run.cwd, values.config));
    if (file?.['nodes'] !== undefined && (values.nodes ?? values.workers ?? values.controlPlanes) !== undefined) {
      throw new UsageError(
        '--config has nodes already, so --nodes, --workers and --control-planes have no say: remove one',
      );
    }
    await checkArchives(values, run);
    this.#plan = { name: this.#name, image: '', wanted, file };
    const kind = await findKind(values, run, signal);
    this.#tools = { run, values, kind, provider: chooseProvider(values, run) };
  }

  async build(signal: AbortSignal): Promise<void> {
    await build(this.#ready(), signal);
  }

  async up(signal: AbortSignal): Promise<void> {
    const tools = this.#ready();
    const plan = this.#plan ?? { name: this.#name, wanted: undefined, file: undefined };
    this.#failed = true;
    await up(tools, { ...plan, image: nodeImage(tools) }, signal);
    this.#failed = false;
  }

  async down(signal: AbortSignal): Promise<void> {
    await down(this.#ready(), signal);
    this.#failed = false;
  }

  async dumpLogs(signal: AbortSignal): Promise<void> {
    if (this.#tools) await dumpLogs(this.#tools, signal);
  }

  /** What did not come up is of no use, as kind itself sees it; it stayed only for its logs. */
  async finish(signal: AbortSignal): Promise<void> {
    const { asked, log } = this.#run;
    if (!this.#failed || !this.#tools || asked.down !== 'never') return;
    if (this.#values.retain || asked.keep) {
      log.info(`The nodes of ${this.#name} are kept (${this.#values.retain ? '--retain' : '--down=never'}).`);
      return;
    }
    const made = this.#run.state.recall('cluster-name');
    await down(this.#tools, signal);
    if (made !== undefined) await this.#run.state.released(clusterTaken(made));
  }

  kubeconfigPath(): string {
    return kubeconfigPath({ run: this.#run, values: this.#values });
  }

  /** Throws RunError when the run has no cluster and no file was named, or the file has another cluster for its current context. */
  async kubeconfig(): Promise<string> {
    const path = this.kubeconfigPath();
    const made = this.#run.state.recall('cluster-name');
    if (made === undefined && this.#values.kubeconfig === '') {
      throw new RunError(
        `run ${this.#run.id} has no kind cluster: give --up, --run-id of the run that has one, or --kubeconfig`,
      );
    }
    const { context } = await readKubeconfig(path);
    if (made !== undefined && context !== `kind-${made}`) {
      throw new RunError(`the current context of ${path} is ${context}, not kind-${made}, the cluster of this run`);
    }
    return path;
  }

  outputs(): Readonly<Record<string, string>> {
    const made = this.#run.state.recall('cluster-name');
    return {
      ...(made !== undefined && { KIND_CLUSTER_NAME: made }),
      ...(this.#values.provider !== '' && { [PROVIDER_VARIABLE]: this.#values.provider }),
      ...(this.#values.e2eK8s && SCRIPT_TEST_ENVIRONMENT),
    };
  }

  plan(step: 'build' | 'up' | 'down'): readonly (readonly string[])[] {
    const whose = { run: this.#run, values: this.#values, provider: chooseProvider(this.#values, this.#run) };
    const name = this.#name;
    const kind = (words: readonly string[]) => ['kind', ...words];
    const config = saysSomething(whose.values) ? keptConfigPath(whose.run) : whose.values.config || undefined;
    const commands = {
      build: () => [kind(buildWords(whose))],
      up: () => [
        kind(createWords(whose, name, nodeImage(whose), config)),
        ...loadCommands(whose, name).map((each) => ['saves' in each ? whose.provider : 'kind', ...each.words]),
      ],
      down: () => [kind(deleteWords(whose, name))],
    };
    return commands[step]();
  }

  #ready(): Tools {
    if (!this.#tools) throw new RunError('the kind deployer was not initialised');
    return this.#tools;
  }
}

/** An archive that is not there is told before there is a cluster to load it into. */
async function checkArchives({ loadImage }: KindValues, { cwd }: Run): Promise<void> {
  for (const archive of loadImage.filter(isArchive)) {
    await access(resolve(cwd, archive), constants.R_OK).catch((error: unknown) => {
      throw new UsageError(`--load-image: there is no archive ${resolve(cwd, archive)} that can be read`, {
        cause: error,
      });
    });
  }
}

/** A later call of a run goes on with the cluster there is. */
function refuseAnother(flag: string, typed: string, made: string | undefined, run: Run): void {
  if (made === undefined || typed === '' || typed === made) return;
  throw new UsageError(
    `${flag}: that of the cluster of run ${run.id} is ${made}; leave the flag out, or take another --run-id`,
  );
}

export const kind = defineDeployer({
  name: 'kind',
  summary: 'Create a local cluster in containers, with kind',
  flags,
  create: ({ flags: values, run }) => {
    if (values.config === '-') throw new UsageError('--config: a configuration is read from a file, not from stdin');
    const { build, up, down } = run.asked;
    if (down !== 'never' && !build && !up && run.isNew && values.clusterName === '') {
      throw new UsageError(
        '--down: there is no run that has a kind cluster; name it with --run-id (and --rundir), or the cluster with --cluster-name',
      );
    }
    refuseAnother('--cluster-name', values.clusterName, run.state.recall('cluster-name'), run);
    refuseAnother('--provider', values.provider, run.state.recall('kind-provider'), run);
    return new KindCluster(values, run);
  },
  testerDefaults: (tester, env, values) => (tester === 'ginkgo' ? ginkgoDefaults(env, values) : []),
});
