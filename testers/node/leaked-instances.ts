import { messageOf } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import { deleteResources, describeResource, listResources, type Resource } from '../../src/gcp/resources.ts';
import { monotonic } from '../../src/system/clock.ts';

/** Timeout of the check and the deletion in milliseconds, also for a tester that is being stopped. */
const TIMEOUT = 3 * 60e3;

/**
 * Deletes instances of this run, by the prefixes of their names, that the runner should have deleted, and records them in
 * a junit case of its own. Never changes the tests' result.
 */
export async function deleteLeakedInstances(project: string, prefixes: readonly string[], run: Run): Promise<void> {
  const began = monotonic();
  const signal = AbortSignal.timeout(TIMEOUT);
  try {
    const found = await leakedInstances(project, prefixes, run, signal);
    if (found.length === 0) return;
    const leaked = found.map(describeResource).join(', ');
    run.log.warn(`Deleting what the runner left: ${leaked}`);
    const failures = await deleteResources(project, found, run, signal);
    const output = [`left by the runner: ${leaked}`, ...failures].join('\n');
    const seconds = (monotonic() - began) / 1000;
    const failure = failures.length > 0 ? { failure: `leaked instances in project ${project}: ${leaked}` } : {};
    await run.records.junitCase({ name: 'LeakCheck', seconds, output, ...failure });
  } catch (error) {
    run.log.warn(`Cannot check project ${project} for leaked instances: ${messageOf(error)}`);
  }
}

async function leakedInstances(
  project: string,
  prefixes: readonly string[],
  run: Run,
  signal: AbortSignal,
): Promise<Resource[]> {
  const left: Resource[] = [];
  for (const prefix of prefixes) {
    const { found, unknown } = await listResources({ project, prefix, network: undefined }, run, signal, ['instances']);
    if (unknown.length > 0) {
      run.log.warn(`Cannot list instances ${prefix}* of project ${project}: some may be left`);
    }
    left.push(...found);
  }
  return left;
}
