import { existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { type Deployer, defineDeployer } from '../../src/api/deployer.ts';
import { RunError } from '../../src/api/errors.ts';
import { duration, text, type Values } from '../../src/api/flags.ts';
import type { Run } from '../../src/api/run.ts';
import { type BuildOptions, buildFlags, buildOptions, repoRootFlag } from '../../src/kube-build/flags.ts';
import { quickRelease } from '../../src/kube-build/make.ts';

const flags = {
  ...buildFlags,
  ...repoRootFlag,
  kubeconfig: text('The kubeconfig of the cluster that is there already. Default: $KUBECONFIG, else ~/.kube/config.'),
  readyTimeout: duration('How long --up waits for the API of that cluster to answer.', 5 * 60e3),
} as const;

/** Uses a cluster that exists already, or none. Creates nothing, so there is nothing to take down. */
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
      // A tester may want what was built.
      usesTree: run.asked.test !== '',
    });
  }

  /** Builds and stages the plain version of the tree. */
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
      this.#run.log.info('There is no kubeconfig, so there is no cluster to wait for.');
      return;
    }
    const { waitForApi } = await import('../../src/kube/ready.ts');
    const { env, exec, log } = this.#run;
    const within = { limit: this.#values.readyTimeout, flag: '--ready-timeout' };
    const onProgress = (missing: string) => log.progress(`waiting for the API of ${kubeconfig}: ${missing}`);
    const api = await waitForApi({ kubeconfig, exec, env, signal, within, onProgress });
    log.progress(undefined);
    log.info(`The cluster of context ${api.context} at ${api.server} answers as ${api.serverVersion}.`);
    await this.#run.records.metadata({ 'cluster-version': api.serverVersion });
  }

  async down(): Promise<void> {}

  /** The kubeconfig that was named, which must be there, or the user's own if there is one. */
  async kubeconfig(): Promise<string | undefined> {
    const { env, cwd } = this.#run;
    const named = this.#values.kubeconfig;
    if (named !== '') {
      if (!existsSync(resolve(cwd, named)))
        throw new RunError(
          `--kubeconfig: there is no file ${resolve(cwd, named)}; name that of the cluster, or leave the flag out for $KUBECONFIG, else ~/.kube/config`,
        );
      return resolve(cwd, named);
    }
    if (env['KUBECONFIG']) {
      // A list of files, as kubectl reads it.
      return env['KUBECONFIG']
        .split(delimiter)
        .map((file) => resolve(cwd, file))
        .join(delimiter);
    }
    const own = env['HOME'] ? join(env['HOME'], '.kube', 'config') : undefined;
    return own !== undefined && existsSync(own) ? own : undefined;
  }
}

export const noop = defineDeployer({
  name: 'noop',
  summary: 'Use an existing cluster, or none',
  flags,
  create: ({ flags: values, run }) => new ExistingCluster(values, run),
});
