import { messageOf, RunError } from '../../src/api/errors.ts';
import { always } from '../../src/system/cleanup.ts';
import { delay } from '../../src/system/wait.ts';
import { containersOf, type NodeContainer, removeKindNetwork } from './containers.ts';
import { breakKubeconfigLock, runKind, type Tools } from './exec-kind.ts';
import { deleteWords } from './kind-args.ts';

/**
 * Removes the cluster this run made, or the one named on the command line of a run that made none. Does nothing when
 * there is neither: an empty name never reaches kind, which would take the cluster called `kind`.
 */
export async function down(tools: Tools, signal: AbortSignal): Promise<void> {
  const { run, values } = tools;
  const made = run.state.recall('cluster-name');
  const name = made ?? (run.asked.up ? '' : values.clusterName);
  if (name === '') {
    run.log.info('This run has made no kind cluster, so there is none to take down.');
    return;
  }
  const there = await orSay(name, signal, () => containersOf(tools, name, signal));
  if (made !== undefined && !isOurs(tools, there)) {
    run.log.warn(`The kind cluster named ${name} is not the one this run made; it is left alone.`);
  } else {
    await always(
      () => orSay(name, signal, () => remove(tools, name, signal)),
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

/** False when the run knows its containers and none of them is left, while others bear the cluster's name. */
function isOurs({ run, values }: Tools, there: readonly NodeContainer[]): boolean {
  const known = (run.state.recall('kind-nodes') ?? '').split(',').filter((id) => id !== '');
  const explicit = values.clusterName !== '' && !run.asked.up;
  return explicit || known.length === 0 || there.length === 0 || there.some(({ id }) => known.includes(id));
}

const ATTEMPTS = 4;

/** Deletes until nothing is left: a create that was cut short may have containers on their way still. */
async function remove(tools: Tools, name: string, signal: AbortSignal): Promise<void> {
  const { run } = tools;
  for (let attempt = 1; ; attempt += 1) {
    await breakKubeconfigLock(tools);
    try {
      await runKind(tools, deleteWords(tools, name), { signal });
      const left = await containersOf(tools, name, signal);
      if (left.length === 0) return;
      throw new RunError(`kind left containers of ${name}: ${left.map((each) => each.name).join(', ')}`);
    } catch (error) {
      signal.throwIfAborted();
      if (attempt === ATTEMPTS) throw error;
      run.log.warn(`Deleting ${name} failed, trying again: ${messageOf(error)}`);
      await delay(500 * 2 ** (attempt - 1), signal);
    }
  }
}

/** What fails here leaves the cluster behind: that is the first thing to know. */
async function orSay<T>(name: string, signal: AbortSignal, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    signal.throwIfAborted();
    const sentence = `the kind cluster ${name} could not be removed and may still be there: ${messageOf(error)}`;
    throw new RunError(sentence, { cause: error });
  }
}

async function removeNetwork(tools: Tools, signal: AbortSignal): Promise<void> {
  if (tools.run.state.recall('kind-network') === 'new') await removeKindNetwork(tools, signal);
}

/** An image that --build tagged for this run alone is of no use after it. */
async function removeBuiltImage(tools: Tools, signal: AbortSignal): Promise<void> {
  const { run } = tools;
  const image = run.state.recall('built-image');
  if (image === undefined) return;
  try {
    await run.exec(['docker', 'image', 'rm', image], { signal, output: 'capture' });
    await run.state.remember({ 'built-image': undefined });
  } catch (error) {
    signal.throwIfAborted();
    run.log.warn(`The node image ${image} of this run stays: ${messageOf(error)}`);
  }
}
