import { readFile } from 'node:fs/promises';
import { type Deployer, defineDeployer } from '../../src/api/deployer.ts';
import { UsageError } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import { Project } from '../../src/gcp/project.ts';
import { sshKeyPaths } from '../../src/gcp/ssh-keys.ts';
import { registerSshKey, unregisterSshKey } from '../../src/gcp/ssh-metadata.ts';
import { flags, type NodeDeployerValues } from './flags.ts';
import { provideKeys, removeKeys, sshUser } from './keys.ts';

/** The fact with the line that this run added to the project's SSH keys. */
const REGISTERED = 'sshKeyRegistered';
/** The fact that Up has run and Down has not. */
const PREPARED = 'prepared';

/**
 * What node e2e jobs need instead of a cluster: a project, a zone, gcloud configured for both, and an SSH key that the
 * project's instances accept.
 */
class NodeE2e implements Deployer {
  readonly provider = 'gce';
  readonly #values: NodeDeployerValues;
  readonly #run: Run;
  readonly #project: Project;

  constructor(values: NodeDeployerValues, run: Run) {
    this.#values = values;
    this.#run = run;
    if (run.asked.up && this.#zone === '')
      throw new UsageError('the node deployer needs --gcp-zone, or KUBE_GCE_ZONE in the environment');
    this.#project = new Project(values, run);
  }

  async init(signal: AbortSignal): Promise<void> {
    const { asked } = this.#run;
    await this.#run.state.remember({ zone: this.#zone || undefined });
    await this.#project.open(asked.up || asked.test !== '', signal);
    if (this.#project.isHeld) Object.assign(this.#run.env, this.#settings);
  }

  async up(signal: AbortSignal): Promise<void> {
    const run = this.#run;
    await run.state.holding('what node tests need');
    run.log.info(`Using project ${this.#project.name}, zone ${this.#zone}`);
    const { publicKey } = await provideKeys(run, signal);
    if (this.#values.registerSshKey) await this.#register(await readFile(publicKey, 'utf8'), signal);
    await run.state.remember({ [PREPARED]: 'yes' });
  }

  async #register(key: string, signal: AbortSignal): Promise<void> {
    const run = this.#run;
    const user = sshUser(run);
    const added = await registerSshKey(this.#project.name, user, key, run, signal, (line) =>
      run.state.remember({ [REGISTERED]: line }),
    );
    run.log.info(added ? `Added the SSH key of ${user} to the project` : 'The project already has the SSH key');
  }

  async down(signal: AbortSignal): Promise<void> {
    const run = this.#run;
    const line = run.state.recall(REGISTERED);
    if (line !== undefined) {
      if (this.#project.isHeld) await unregisterSshKey(this.#project.name, line, run, signal);
      else run.log.warn('Leaving the SSH key in the project: its lease was lost');
      await run.state.remember({ [REGISTERED]: undefined });
    }
    await removeKeys(run);
    await run.state.remember({ [PREPARED]: undefined });
  }

  outputs(): Record<string, string> {
    const { env } = this.#run;
    const { privateKey, publicKey } = sshKeyPaths(env);
    return {
      ...this.#settings,
      GCE_SSH_PRIVATE_KEY_FILE: env['GCE_SSH_PRIVATE_KEY_FILE'] || privateKey,
      GCE_SSH_PUBLIC_KEY_FILE: env['GCE_SSH_PUBLIC_KEY_FILE'] || publicKey,
    };
  }

  lost(): AbortSignal | undefined {
    return this.#project.lost;
  }

  async finish(signal: AbortSignal): Promise<void> {
    const { asked } = this.#run;
    await this.#project.close(asked.down !== 'always' && this.#run.state.recall(PREPARED) !== undefined, signal);
  }

  plan(step: 'build' | 'up' | 'down'): readonly (readonly string[])[] {
    const project = this.#values.gcpProject || this.#run.state.recall('project') || '$PROJECT';
    const metadata = (verb: string) => ['gcloud', 'compute', 'project-info', verb, `--project=${project}`];
    if (step === 'build' || !this.#values.registerSshKey) return [];
    return [metadata('describe'), [...metadata('add-metadata'), '--metadata-from-file=ssh-keys=FILE']];
  }

  /** gcloud, kube-up's scripts, the node tester and Kubernetes' own runner each read other variables. */
  get #settings(): Record<string, string> {
    const { name } = this.#project;
    const zone = this.#zone;
    return {
      PROJECT: name,
      CLOUDSDK_CORE_PROJECT: name,
      ...(zone === '' ? {} : { KUBE_GCE_ZONE: zone, CLOUDSDK_COMPUTE_ZONE: zone }),
    };
  }

  get #zone(): string {
    return this.#values.gcpZone || this.#run.state.recall('zone') || '';
  }
}

export const node = defineDeployer({
  name: 'node',
  summary: 'Prepare a Google Cloud project for node tests, without a cluster',
  examples: ['kubetest2-ts node --gcp-project=my-project --gcp-zone=us-west1-b --up --down'],
  flags,
  create: ({ flags: values, run }) => new NodeE2e(values, run),
  testerDefaults: (tester, _env, { gcpProject, gcpZone }) => {
    if (tester !== 'node') return [];
    return [
      ...(gcpProject === '' ? [] : [`--gcp-project=${gcpProject}`]),
      ...(gcpZone === '' ? [] : [`--gcp-zone=${gcpZone}`]),
    ];
  },
});
