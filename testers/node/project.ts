import { messageOf } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import { boskosFlags, leaseSettings } from '../../src/boskos/flags.ts';
import type { Lease } from '../../src/boskos/lease.ts';
import type { NodeValues } from './binary-source.ts';

/** The Boskos settings of the flags. Throws UsageError for invalid values. */
export function projectLease(values: NodeValues, run: Run): ReturnType<typeof leaseSettings> {
  const rest = { boskosResourceType: values.gcpProjectType, boskosKeepFor: boskosFlags.boskosKeepFor.fallback };
  return leaseSettings({ ...values, ...rest }, run);
}

/**
 * Runs `use` with a project: that of --gcp-project, else the deployer's, else one leased from Boskos, which is always
 * released afterwards. The signal also aborts when the lease is lost.
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
    await release(lease, run);
  }
}

/** Only logs errors: they do not change the tests' result, and Boskos reclaims the project by itself. */
async function release(lease: Lease, run: Run): Promise<void> {
  try {
    await lease[Symbol.asyncDispose]();
  } catch (error) {
    run.log.error(messageOf(error));
  }
}
