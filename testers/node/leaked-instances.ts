import { messageOf } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import { deleteResources, describeResource, listResources, type Resource } from '../../src/gcp/resources.ts';
import { monotonic } from '../../src/system/clock.ts';

/** How long the look and the deletion may take, in milliseconds: also a tester that is being stopped has so much time. */
const LIMIT = 3 * 60e3;

/**
 * Deletes the machines of this run, by what their names begin with, that the runner left although it was to delete
 * them, and tells of them in a junit case of its own. Never changes the tests' result.
 */
export async function removeLeftMachines(project: string, prefixes: readonly string[], run: Run): Promise<void> {
  const began = monotonic();
  const signal = AbortSignal.timeout(LIMIT);
  try {
    const found = await leftMachines(project, prefixes, run, signal);
    if (found.length === 0) return;
    const left = found.map(describeResource).join(', ');
    run.log.warn(`The runner has left ${left}; deleting that.`);
    const failures = await deleteResources(project, found, run, signal);
    const output = [`left by the runner: ${left}`, ...failures].join('\n');
    const seconds = (monotonic() - began) / 1000;
    const failure = failures.length > 0 ? { failure: `machines are left in project ${project}: ${left}` } : {};
    await run.records.junitCase({ name: 'LeakCheck', seconds, output, ...failure });
  } catch (error) {
    run.log.warn(`Whether machines are left in project ${project} could not be found out: ${messageOf(error)}`);
  }
}

async function leftMachines(
  project: string,
  prefixes: readonly string[],
  run: Run,
  signal: AbortSignal,
): Promise<Resource[]> {
  const left: Resource[] = [];
  for (const prefix of prefixes) {
    const { found, unknown } = await listResources({ project, prefix, network: undefined }, run, signal, ['instances']);
    if (unknown.length > 0) {
      run.log.warn(`The machines ${prefix}… of project ${project} could not be listed: some may be left.`);
    }
    left.push(...found);
  }
  return left;
}
