import { isOn, lastOf, type Work } from '../draft/context.ts';

/** What kind of job it is: one of those below, or the deployer or scenario that has no counterpart. */
export type JobClass = string;

/** The class of a recognised job. */
export function classOf(work: Work): JobClass {
  const { scenario, style } = work.recognised;
  if (style === 'none' || style === 'kubetest2') return 'none';
  if (scenario === 'execute') return 'execute';
  if (scenario === 'kubernetes_build') return 'build';
  if (scenario !== 'kubernetes_e2e' && scenario !== 'kubetest') return scenario;
  if (style === 'shell') return classOfShell(work);
  return classOfE2e(work);
}

function classOfE2e(work: Work): JobClass {
  const deployment = lastOf(work, 'deployment') ?? 'bash';
  const provider = lastOf(work, 'provider') ?? '';
  if (deployment === 'node' || (isOn(work, 'node-tests') && deployment === 'bash')) return 'node';
  if (deployment === 'kind') return 'kind';
  if (deployment !== 'bash') return deployment;
  if (work.flags.some(({ name }) => name === 'aws')) return 'kops';
  if (!['', 'gce'].includes(provider)) return provider;
  const command = lastOf(work, 'test-cmd');
  if (command !== undefined && command !== '') {
    const first = work.flags.find(({ name }) => name === 'test-cmd-args')?.value;
    return /perf-tests\/run-e2e\.sh$/.test(command) && first === 'cluster-loader2' ? 'gce-clusterloader2' : 'gce-exec';
  }
  return isOn(work, 'test') ? 'gce-ginkgo' : 'gce-none';
}

function classOfShell({ recognised }: Work): JobClass {
  const script = recognised.caller?.text ?? '';
  const named = (name: string) => new RegExp(`--${name}[= ]["']?([\\w-]+)`).exec(script)?.[1];
  const deployment = named('deployment');
  if (deployment !== undefined && deployment !== 'bash') return deployment;
  const provider = named('provider');
  if (provider !== undefined && provider !== 'gce') return provider;
  return /--test-cmd[= ]/.test(script) ? 'gce-exec' : 'gce-ginkgo';
}
