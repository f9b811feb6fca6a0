import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Deployer, defineDeployer } from '../../src/api/deployer.ts';
import { readVariables } from '../../src/api/env-flag.ts';
import { RunError, UsageError } from '../../src/api/errors.ts';
import { Project } from '../../src/gcp/project.ts';
import { build, buildWords, gceBuild } from './build.ts';
import { ShortageWatch } from './capacity-errors.ts';
import { type Cluster, forgetCluster, namesOf, plannedCluster, recallCluster, rootOf } from './cluster.ts';
import type { Site } from './context.ts';
import { removeCluster } from './down.ts';
import { kubeconfigPath, scriptVariables } from './environment.ts';
import { flags } from './flags.ts';
import { dumpLogs } from './logs.ts';
import { checkScripts } from './scripts.ts';
import { enableWords, up } from './up.ts';

/** A cluster of machines on Google Compute Engine, made by Kubernetes' own kube-up.sh. */
class GceCluster implements Deployer {
  readonly provider = 'gce';
  readonly #site: Site;
  readonly #project: Project;

  constructor(site: Site) {
    this.#site = site;
    this.#project = new Project(site.values, site.run);
  }

  /** Looks at the tree, then borrows a project: what is wrong with the first must not cost the second. */
  async init(signal: AbortSignal): Promise<void> {
    const { run, values } = this.#site;
    const { asked } = run;
    const root = rootOf(this.#site);
    if (asked.up) await checkScripts(root, ['kube-up.sh', ...(asked.build ? [] : ['get-kube.sh'])]);
    if (asked.down !== 'never') await this.#checkDown(root);
    if (asked.build && values.kubernetesVersion !== flags.kubernetesVersion.fallback) {
      run.log.warn('--kubernetes-version has no say with --build: the cluster runs what is built.');
    }
    if (asked.up || asked.down !== 'never' || asked.test !== '') await this.#project.open(asked.up, signal);
  }

  async build(signal: AbortSignal): Promise<void> {
    await build(this.#site, signal);
  }

  async up(signal: AbortSignal): Promise<void> {
    await up(this.#site, this.#project.name, signal);
  }

  async down(signal: AbortSignal): Promise<void> {
    const { run } = this.#site;
    const cluster = await this.#clusterToRemove();
    if (cluster === undefined) {
      run.log.info('This run has made no cluster, so there is none to take down.');
    } else if (this.#project.isOurs) {
      await removeCluster(this.#site, cluster, signal);
    } else {
      const { project } = namesOf(cluster);
      run.log.warn(`The project ${project} is not ours any more: nothing in it is touched, its janitor has it.`);
      await forgetCluster(run);
    }
  }

  async dumpLogs(signal: AbortSignal): Promise<void> {
    const cluster = recallCluster(this.#site.run);
    if (cluster !== undefined && this.#project.isOurs) await dumpLogs(this.#site, cluster, signal);
  }

  /** Throws RunError when there is none: kube-up.sh did not get that far, or it was another run's. */
  kubeconfigPath(): string {
    const { run } = this.#site;
    return recallCluster(run)?.variables['KUBECONFIG'] ?? kubeconfigPath(run);
  }

  async kubeconfig(): Promise<string> {
    const path = this.kubeconfigPath();
    if (!existsSync(path))
      throw new RunError(`there is no kubeconfig ${path}: this run has no cluster (--up makes one)`);
    return path;
  }

  /** What the tests of a gce cluster have to know of it. */
  outputs(): Readonly<Record<string, string>> {
    const cluster = recallCluster(this.#site.run);
    if (cluster === undefined) return {};
    const { project, prefix, network } = namesOf(cluster);
    return {
      PROJECT: project,
      KUBE_GCE_ZONE: cluster.zone,
      KUBE_GCE_INSTANCE_PREFIX: prefix,
      KUBE_GCE_NETWORK: network,
    };
  }

  lost(): AbortSignal | undefined {
    return this.#project.lost;
  }

  /** A project that still has a cluster for a later call is held for that; else it goes back, and its janitor has what may be left. */
  async finish(signal: AbortSignal): Promise<void> {
    const { run } = this.#site;
    const keep = run.asked.down !== 'always' && recallCluster(run) !== undefined;
    const leased = this.#project.lost !== undefined;
    await this.#project.close(keep, signal);
    if (leased && !keep) await forgetCluster(run);
  }

  plan(step: 'build' | 'up' | 'down'): readonly (readonly string[])[] {
    const { run, values } = this.#site;
    const script = (name: string) => [join(rootOf(this.#site), 'cluster', name)];
    if (step === 'build') return [buildWords(this.#site)];
    if (step === 'down') return [script('kube-down.sh')];
    return [
      ...(run.asked.build ? [] : [script('get-kube.sh')]),
      ...(values.enableComputeApi ? [enableWords(values.gcpProject || '$PROJECT')] : []),
      script('kube-up.sh'),
    ];
  }

  /** The run's cluster; in a call that makes none and knows none, the one its flags and its id mean. */
  async #clusterToRemove(): Promise<Cluster | undefined> {
    const { run, values } = this.#site;
    const known = recallCluster(run);
    if (known !== undefined || run.asked.up || values.gcpProject === '') return known;
    return await plannedCluster(this.#site, values.gcpProject, values.gcpZone);
  }

  async #checkDown(root: string): Promise<void> {
    const { run, values } = this.#site;
    const known = recallCluster(run) !== undefined || run.state.recall('project') !== undefined;
    if (!known && !run.asked.up && values.gcpProject === '') {
      throw new UsageError(
        '--down of a run that made no cluster needs --gcp-project, and --run-id of the one that did',
      );
    }
    if (!known || run.asked.up) await checkScripts(root, ['kube-down.sh']);
  }
}

export const gce = defineDeployer({
  name: 'gce',
  summary: "Create a cluster on Google Compute Engine, with Kubernetes' kube-up.sh",
  flags,
  create: ({ flags: values, run }) => {
    const faults: string[] = [];
    if (values.numNodes < 1) faults.push('--num-nodes: a cluster has at least 1 node');
    if (values.upRetries < 0) faults.push('--up-retries cannot be negative');
    if (values.downRetries < 0) faults.push('--down-retries cannot be negative');
    if (values.gcpZones.includes('')) faults.push('--gcp-zones: a zone is empty');
    if (values.gcpZones.length > 0 && values.upRetries === 0) faults.push('--gcp-zones needs --up-retries');
    const made = recallCluster(run);
    const project = made && namesOf(made).project;
    if (project !== undefined && values.gcpProject !== '' && values.gcpProject !== project) {
      faults.push(
        `--gcp-project: the cluster of run ${run.id} is in ${project}; leave the flag out, or take another --run-id`,
      );
    }
    if (faults.length > 0) throw new UsageError(faults.join('\n'));
    const site = { run, values, extra: readVariables('--env', values.env, run.log) };
    scriptVariables(site, values.gcpProject, values.gcpZone);
    new ShortageWatch(values.upRetryPattern);
    if (run.asked.build && values.legacyMode) gceBuild(site);
    return new GceCluster(site);
  },
});
