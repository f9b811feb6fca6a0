import { parseDuration } from '../api/duration.ts';
import { UsageError } from '../api/errors.ts';
import { count, duration, oneOf, text, type Values } from '../api/flags.ts';
import type { Run } from '../api/run.ts';
import { type BoskosServer, boskosServer } from './server.ts';

const group = 'Boskos';

/** The flags of whoever can borrow a project from Boskos; names and defaults as kubetest2's gce deployer has them. */
export const boskosFlags = {
  boskosLocation: text(
    'The Boskos server to borrow a project from; a path in the URL is kept.',
    'http://boskos.test-pods.svc.cluster.local.',
    { group },
  ),
  boskosAcquireTimeoutSeconds: count('Seconds to wait for a free resource; 0 asks once.', 300, { group }),
  boskosHeartbeatIntervalSeconds: count('Seconds between two heartbeats that hold the resource; 0 sends none.', 300, {
    group,
  }),
  boskosResourceType: text('The type of resource to borrow.', 'gce-project', { group }),
  boskosOnLost: oneOf(
    'What happens when Boskos says that the resource is no longer ours: abort the run, or warn and go on.',
    ['abort', 'warn'],
    'abort',
    { group },
  ),
  boskosKeepFor: duration(
    'After --up without --down, how long a process in the background holds the resource before it gives it back.',
    parseDuration('12h') ?? 0,
    { group },
  ),
  boskosUser: text('The user name for a Boskos server that asks for one; needs --boskos-password-file.', '', { group }),
  boskosPasswordFile: text('The file that holds the password of --boskos-user.', '', { group }),
};

/** What `--boskos-on-lost` says. */
export type OnLost = 'abort' | 'warn';

/** The Boskos flags of one run, checked and in the units the lease works with. */
export interface LeaseSettings {
  readonly server: BoskosServer;
  readonly type: string;
  /** Milliseconds to wait for a free resource. */
  readonly patience: number;
  /** Milliseconds between heartbeats; 0 for none. */
  readonly interval: number;
  readonly onLost: OnLost;
  /** Milliseconds a keeper holds the lease after the run. */
  readonly keepFor: number;
}

/**
 * Reads the flags' values. `type` is what is borrowed where the owner of the flags has a flag of its own for it.
 * Throws UsageError for values that cannot work together.
 */
export function leaseSettings(
  values: Values<typeof boskosFlags>,
  run: Pick<Run, 'env' | 'id' | 'cwd'>,
  type = values.boskosResourceType,
): LeaseSettings {
  for (const [flag, value] of [
    ['--boskos-acquire-timeout-seconds', values.boskosAcquireTimeoutSeconds],
    ['--boskos-heartbeat-interval-seconds', values.boskosHeartbeatIntervalSeconds],
    ['--boskos-keep-for', values.boskosKeepFor],
  ] as const) {
    if (value < 0) throw new UsageError(`${flag} cannot be negative`);
  }
  if (type === '') throw new UsageError('--boskos-resource-type is empty');
  return {
    server: boskosServer(
      {
        location: values.boskosLocation === '' ? boskosFlags.boskosLocation.fallback : values.boskosLocation,
        user: values.boskosUser,
        passwordFile: values.boskosPasswordFile,
        cwd: run.cwd,
      },
      ownerOf(run),
    ),
    type,
    patience: values.boskosAcquireTimeoutSeconds * 1000,
    interval: values.boskosHeartbeatIntervalSeconds * 1000,
    onLost: values.boskosOnLost,
    keepFor: values.boskosKeepFor,
  };
}

/** Who a resource is borrowed by: job, build and run, so that two builds of a job, or two people, are told apart. */
export function ownerOf(run: Pick<Run, 'env' | 'id'>): string {
  return [run.env['JOB_NAME'] || 'kubetest2', run.env['BUILD_ID'], run.id].filter(Boolean).join('-');
}
