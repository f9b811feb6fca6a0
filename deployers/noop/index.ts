import { type Deployer, defineDeployer } from '../../src/api/deployer.ts';
import { duration, text, type Values } from '../../src/api/flags.ts';
import type { Run } from '../../src/api/run.ts';
import { ownKubeconfig } from '../../src/kube/own-kubeconfig.ts';
import { type BuildOptions, buildFlags, buildOptions, repoRootFlag } from '../../src/kube-build/flags.ts';
import { quickRelease } from '../../src/kube-build/make.ts';

const flags = {
  kubeconfig: text('Kubeconfig of the existing cluster (default: $KUBECONFIG, else ~/.kube/config).'),
  readyTimeout: duration('Timeout for the API of the cluster to answer, with --up.', 5 * 60e3),
  ...buildFlags,
  ...repoRootFlag,
} as const;

/** Uses an existing cluster, or none. Creates nothing, so there is nothing to tear down. */
class ExistingCluster implements Deployer {
  readonly #values: Values<typeof flags>;
  readonly #run: Run;
  readonly #build: BuildOptions;

  constructor(values: Values<typeof flags>, run: Run) {
    this.#values = values;
    this.#run = run;
    this.#build = buildOptions(values, values.repoRoot, run, {
      versionSuffix: '',
      gceFiles: false,
      needs: [],
      // A tester may use what was built.
      usesTree: run.asked.test !== '',
    });
  }

  /** Builds and stages the tree, without a suffix to its version. */
  async build(signal: AbortSignal): Promise<void> {
    const { buildAndStage } = await import('../../src/kube-build/build-and-stage.ts');
    await buildAndStage(this.#build, this.#run, signal);
  }

  plan(step: 'build' | 'up' | 'down'): readonly (readonly string[])[] {
    return step === 'build' ? [quickRelease(this.#build.platforms)] : [];
  }

  async up(signal: AbortSignal): Promise<void> {
    const kubeconfig = await this.kubeconfig();
    if (kubeconfig === undefined) {
      this.#run.log.info('No kubeconfig found: not waiting for a cluster');
      return;
    }
    const { waitForApi } = await import('../../src/kube/ready.ts');
    const { env, exec, log } = this.#run;
    const timeout = { duration: this.#values.readyTimeout, flag: '--ready-timeout' };
    const onProgress = (missing: string) => log.progress(`Waiting for the API of ${kubeconfig}: ${missing}`);
    const api = await waitForApi({ kubeconfig, exec, env, signal, timeout, onProgress });
    log.progress(undefined);
    log.info(`Using cluster at ${api.server} (context ${api.context}), Kubernetes ${api.serverVersion}`);
    await this.#run.records.metadata({ 'cluster-version': api.serverVersion });
  }

  async down(): Promise<void> {}

  /** The kubeconfig of --kubeconfig, which must exist, else the user's own, if there is one. */
  async kubeconfig(): Promise<string | undefined> {
    return ownKubeconfig(this.#values.kubeconfig, this.#run);
  }
}

export const noop = defineDeployer({
  name: 'noop',
  summary: 'Use an existing cluster, or none',
  examples: [
    'kubetest2-ts noop --test=ginkgo -- --focus-regex=Secrets',
    'kubetest2-ts noop --up --test=exec -- kubectl get nodes',
  ],
  flags,
  create: ({ flags: values, run }) => new ExistingCluster(values, run),
});
