import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Deployer, defineDeployer } from '../../src/api/deployer.ts';
import { readVariables } from '../../src/api/env-flag.ts';
import { RunError, UsageError } from '../../src/api/errors.ts';
import { Project } from '../../src/gcp/project.ts';
import { ownKubeconfig } from '../../src/kube/own-kubeconfig.ts';
import { build, buildCommand, gceBuild } from './build.ts';
import { CapacityWatch } from './capacity-errors.ts';
import { type Cluster, forgetCluster, namesOf, plannedCluster, recallCluster, rootOf } from './cluster.ts';
import type { GceContext } from './context.ts';
import { kubeconfigPath, scriptVariables } from './environment.ts';
import { flags } from './flags.ts';
import { checkScripts, enableCommand } from './scripts.ts';

/** What the scripts of perf-tests, windows-testing and autoscaler read of the cluster, and ginkgo hands to e2e.test. */
const FOR_TESTS = [
  'NUM_NODES',
  'NODE_SIZE',
  'MASTER_SIZE',
  'REGION',
  'KUBE_NODE_OS_DISTRIBUTION',
  'KUBE_MASTER_OS_DISTRIBUTION',
];

/** A cluster of instances on Google Compute Engine, created by Kubernetes' own kube-up.sh. */
class GceCluster implements Deployer {
  readonly provider = 'gce';
  readonly #context: GceContext;
  readonly #project: Project;
  /** Down was begun in this call. */
  #tornDown = false;

  constructor(context: GceContext) {
    this.#context = context;
    this.#project = new Project(context.values, context.run);
  }

  /** Checks the tree before it leases a project: a wrong tree must not cost a lease. */
  async init(signal: AbortSignal): Promise<void> {
    const { run, values } = this.#context;
    const { asked } = run;
    const root = rootOf(this.#context);
    if (asked.up) await checkScripts(root, ['kube-up.sh', ...(asked.build ? [] : ['get-kube.sh'])]);
    if (asked.down !== 'never') await this.#checkDown(root);
    if (asked.build && values.kubernetesVersion !== flags.kubernetesVersion.fallback) {
      run.log.warn('Ignoring --kubernetes-version: --build takes precedence');
    }
    if (asked.up || asked.down !== 'never' || asked.test !== '') await this.#project.open(asked.up, signal);
  }

  async build(signal: AbortSignal): Promise<void> {
    await build(this.#context, signal);
  }

  async up(signal: AbortSignal): Promise<void> {
    const { up } = await import('./up.ts');
    await up(this.#context, this.#project.name, signal);
  }

  async down(signal: AbortSignal): Promise<void> {
    const { run } = this.#context;
    this.#tornDown = true;
    const cluster = await this.#clusterToTearDown();
    if (cluster === undefined) {
      run.log.info('No cluster to tear down: this run did not create one');
    } else if (this.#project.isHeld) {
      const { removeCluster } = await import('./down.ts');
      await removeCluster(this.#context, cluster, signal);
    } else {
      const { project } = namesOf(cluster);
      run.log.warn(`Leaving the cluster to Boskos' janitor: the lease of project ${project} was lost`);
      await forgetCluster(run);
    }
  }

  async dumpLogs(signal: AbortSignal): Promise<void> {
    const cluster = recallCluster(this.#context.run);
    if (cluster === undefined || !this.#project.isHeld) return;
    const { dumpLogs } = await import('./logs.ts');
    await dumpLogs(this.#context, cluster, signal);
  }

  kubeconfigPath(): string {
    const { run, values } = this.#context;
    const created = recallCluster(run)?.variables['KUBECONFIG'];
    if (created !== undefined || run.asked.up) return created ?? kubeconfigPath(run);
    return ownKubeconfig(values.kubeconfig, run) ?? kubeconfigPath(run);
  }

  /**
   * The one of the cluster that this run created, else the user's own, for tests on a cluster that others created.
   * Throws RunError when there is none, or kube-up.sh did not write it.
   */
  async kubeconfig(): Promise<string> {
    const path = this.kubeconfigPath();
    // $KUBECONFIG may be a list.
    if (!path.split(delimiter).some((file) => existsSync(file)))
      throw new RunError(
        `kubeconfig ${path} does not exist: this run has no cluster; create one with --up, or set --kubeconfig or $KUBECONFIG`,
      );
    return path;
  }

  /** The variables that the tests of a gce cluster need. */
  outputs(): Readonly<Record<string, string>> {
    const cluster = recallCluster(this.#context.run);
    if (cluster === undefined) return {};
    const { project, prefix, network } = namesOf(cluster);
    return {
      PROJECT: project,
      KUBE_GCE_ZONE: cluster.zone,
      KUBE_GCE_INSTANCE_PREFIX: prefix,
      KUBE_GCE_NETWORK: network,
      INSTANCE_PREFIX: prefix,
      KUBERNETES_PROVIDER: 'gce',
      ...Object.fromEntries(
        FOR_TESTS.flatMap((name) => {
          const value = cluster.variables[name];
          return value === undefined || value === '' ? [] : [[name, value]];
        }),
      ),
    };
  }

  lost(): AbortSignal | undefined {
    return this.#project.lost;
  }

  /** Keeps the lease of a project whose cluster a later call needs; else releases it, and Boskos' janitor deletes leftovers. */
  async finish(signal: AbortSignal): Promise<void> {
    const { run } = this.#context;
    const keep = run.asked.down !== 'always' && recallCluster(run) !== undefined;
    const leased = this.#project.lost !== undefined;
    await this.#project.close(keep, signal);
    if (leased && !keep && this.#tornDown) await forgetCluster(run);
  }

  planVariables(): Readonly<Record<string, string>> {
    const { values } = this.#context;
    return scriptVariables(this.#context, values.gcpProject || '(one from Boskos)', values.gcpZone);
  }

  plan(step: 'build' | 'up' | 'down'): readonly (readonly string[])[] {
    const { run, values } = this.#context;
    const script = (name: string) => [join(rootOf(this.#context), 'cluster', name)];
    if (step === 'build') return [buildCommand(this.#context)];
    if (step === 'down') return [script('kube-down.sh')];
    return [
      ...(run.asked.build ? [] : [script('get-kube.sh')]),
      ...(values.enableComputeApi ? [enableCommand(values.gcpProject || '$PROJECT')] : []),
      script('kube-up.sh'),
    ];
  }

  /** The run's cluster; for a run that recorded none and creates none, the one that its flags and ID describe. */
  async #clusterToTearDown(): Promise<Cluster | undefined> {
    const { run, values } = this.#context;
    const known = recallCluster(run);
    if (known !== undefined || run.asked.up || values.gcpProject === '') return known;
    return await plannedCluster(this.#context, values.gcpProject, values.gcpZone);
  }

  async #checkDown(root: string): Promise<void> {
    const { run, values } = this.#context;
    const isKnown = recallCluster(run) !== undefined;
    if (!run.isContinued && !run.asked.up && values.gcpProject === '') {
      throw new UsageError(
        '--down without --up needs the run that created the cluster (--run-id), or --gcp-project with that run ID',
      );
    }
    if (run.asked.up || (!isKnown && values.gcpProject !== '')) await checkScripts(root, ['kube-down.sh']);
  }
}

export const gce = defineDeployer({
  name: 'gce',
  summary: "Create a cluster on Google Compute Engine, with Kubernetes' kube-up.sh",
  examples: [
    'kubetest2-ts gce --gcp-project=my-project --up --down --test=ginkgo',
    'kubetest2-ts gce --legacy-mode --build --up --down --test=ginkgo',
  ],
  flags,
  create: ({ flags: values, run }) => {
    const problems: string[] = [];
    if (values.numNodes < 1) problems.push(`invalid --num-nodes ${values.numNodes}: must be at least 1`);
    if (values.upRetries < 0) problems.push(`invalid --up-retries ${values.upRetries}: must not be negative`);
    if (values.downRetries < 0) problems.push(`invalid --down-retries ${values.downRetries}: must not be negative`);
    if (values.gcpZones.includes('')) problems.push('invalid --gcp-zones: a zone is empty');
    if (values.gcpZones.length > 0 && values.upRetries === 0)
      problems.push('--gcp-zones needs --up-retries: the zones are for further attempts');
    const existing = recallCluster(run);
    const project = existing && namesOf(existing).project;
    if (project !== undefined && values.gcpProject !== '' && values.gcpProject !== project) {
      problems.push(
        `invalid --gcp-project ${values.gcpProject}: the cluster of run ${run.id} is in ${project}; remove the flag or use another --run-id`,
      );
    }
    if (problems.length > 0) throw new UsageError(problems.join('\n'));
    const context = { run, values, variables: readVariables('--env', values.env, run.log, run.env) };
    scriptVariables(context, values.gcpProject, values.gcpZone);
    new CapacityWatch(values.upRetryPattern);
    if (run.asked.build && values.legacyMode) gceBuild(context);
    return new GceCluster(context);
  },
});
