import { messageOf, RunError } from '../../src/api/errors.ts';
import { always } from '../../src/system/cleanup.ts';
import { delay } from '../../src/system/wait.ts';
import { containersOf, type NodeContainer, removeKindNetwork } from './containers.ts';
import { breakKubeconfigLock, runKind, type Tools } from './exec-kind.ts';
import { deleteArgs } from './kind-args.ts';

/**
 * Deletes the cluster that this run created, or that of --cluster-name for a run that created none. Does nothing when
 * there is neither: an empty name is never passed to kind, which would delete the cluster named `kind`.
 */
export async function down(tools: Tools, signal: AbortSignal): Promise<void> {
  const { run, values } = tools;
  const created = run.state.recall('cluster-name');
  const name = created ?? (run.asked.up ? '' : values.clusterName);
  if (name === '') {
    run.log.info('No cluster to tear down: this run did not create one');
    return;
  }
  const existing = await naming(name, signal, () => containersOf(tools, name, signal));
  if (created !== undefined && !isOurs(tools, existing)) {
    run.log.warn(`Not deleting kind cluster "${name}": another run or user has created it`);
  } else {
    await always(
      () => naming(name, signal, () => remove(tools, name, signal)),
      () => removeNetwork(tools, signal),
    );
  }
  await removeBuiltImage(tools, signal);
  await run.state.remember({
    'cluster-name': undefined,
    'kubeconfig-path': undefined,
    'kind-program': undefined,
    'kind-provider': undefined,
    'kind-nodes': undefined,
    'kind-network': undefined,
  });
}

/** False when none of the run's recorded containers is left, while others have the cluster's name. */
function isOurs({ run, values }: Tools, existing: readonly NodeContainer[]): boolean {
  const known = (run.state.recall('kind-nodes') ?? '').split(',').filter((id) => id !== '');
  const explicit = values.clusterName !== '' && !run.asked.up;
  return explicit || known.length === 0 || existing.length === 0 || existing.some(({ id }) => known.includes(id));
}

const ATTEMPTS = 4;

/** Deletes until nothing is left: a create that was killed may still start containers. */
async function remove(tools: Tools, name: string, signal: AbortSignal): Promise<void> {
  const { run } = tools;
  for (let attempt = 1; ; attempt += 1) {
    await breakKubeconfigLock(tools);
    try {
      await runKind(tools, deleteArgs(tools, name), { signal });
      const left = await containersOf(tools, name, signal);
      if (left.length === 0) return;
      throw new RunError(`kind left containers of "${name}": ${left.map((each) => each.name).join(', ')}`);
    } catch (error) {
      signal.throwIfAborted();
      if (attempt === ATTEMPTS) throw error;
      run.log.warn(`Retrying to delete kind cluster "${name}": ${messageOf(error)}`);
      await delay(500 * 2 ** (attempt - 1), signal);
    }
  }
}

/** Errors first name the cluster, which may still exist. */
async function naming<T>(name: string, signal: AbortSignal, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    signal.throwIfAborted();
    const message = `cannot delete kind cluster "${name}", it may still exist: ${messageOf(error)}`;
    throw new RunError(message, { cause: error });
  }
}

async function removeNetwork(tools: Tools, signal: AbortSignal): Promise<void> {
  if (tools.run.state.recall('kind-network') === 'new') await removeKindNetwork(tools, signal);
}

/** Removes the image that --build has tagged for this run alone. */
async function removeBuiltImage(tools: Tools, signal: AbortSignal): Promise<void> {
  const { run } = tools;
  const image = run.state.recall('built-image');
  if (image === undefined) return;
  try {
    await run.exec(['docker', 'image', 'rm', image], { signal, output: 'capture', tracked: true });
    await run.state.remember({ 'built-image': undefined });
  } catch (error) {
    signal.throwIfAborted();
    run.log.warn(`Cannot remove node image ${image} of this run: ${messageOf(error)}`);
  }
}
