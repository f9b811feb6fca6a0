import { messageOf } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import { boskosFlags, leaseSettings } from '../../src/boskos/flags.ts';
import type { Lease } from '../../src/boskos/lease.ts';
import type { NodeValues } from './binary-source.ts';

/** The Boskos settings among the flags. Throws UsageError for values that cannot work. */
export function projectLease(values: NodeValues, run: Run): ReturnType<typeof leaseSettings> {
  const rest = { boskosResourceType: values.gcpProjectType, boskosKeepFor: boskosFlags.boskosKeepFor.fallback };
  return leaseSettings({ ...values, ...rest }, run);
}

/**
 * Does something in a project: the one that was typed, else the deployer's, else one leased from Boskos, which is given
 * back whatever happens. The signal aborts, too, when the lease is lost.
 */
export async function withProject<T>(
  values: NodeValues,
  run: Run,
  signal: AbortSignal,
  use: (project: string, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const project = values.gcpProject || run.state.recall('project');
  if (project) return await use(project, signal);
  const { acquireLease } = await import('../../src/boskos/acquire-lease.ts');
  const lease = await acquireLease(run, projectLease(values, run), signal);
  try {
    return await use(lease.name, AbortSignal.any([signal, lease.lost]));
  } finally {
    await giveBack(lease, run);
  }
}

/** What the tests found is not changed by a project that could not be given back; Boskos takes it back by itself. */
async function giveBack(lease: Lease, run: Run): Promise<void> {
  try {
    await lease[Symbol.asyncDispose]();
  } catch (error) {
    run.log.error(messageOf(error));
  }
}
