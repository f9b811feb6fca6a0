import { parseDuration } from '../api/duration.ts';
import { UsageError } from '../api/errors.ts';
import { count, duration, oneOf, text, type Values } from '../api/flags.ts';
import type { Run } from '../api/run.ts';
import { type BoskosServer, boskosServer } from './server.ts';

const group = 'Boskos';

/** The flags for leasing a project from Boskos; names and defaults as kubetest2's gce deployer has them. */
export const boskosFlags = {
  boskosLocation: text(
    'URL of the Boskos server to acquire a project from; its path is kept.',
    'http://boskos.test-pods.svc.cluster.local.',
    { group },
  ),
  boskosAcquireTimeoutSeconds: count('Seconds to wait for a free resource; 0 asks once.', 300, { group }),
  boskosHeartbeatIntervalSeconds: count('Seconds between two renewals of the lease; 0 sends none.', 300, {
    group,
  }),
  boskosResourceType: text('Type of resource to acquire.', 'gce-project', { group }),
  boskosOnLost: oneOf(
    'What to do when Boskos reports that the lease is lost: abort the run, or warn and continue.',
    ['abort', 'warn'],
    'abort',
    { group },
  ),
  boskosKeepFor: duration(
    'After --up without --down, how long a background process renews the lease before it releases it.',
    parseDuration('12h') ?? 0,
    { group },
  ),
  boskosUser: text('User name for a Boskos server that requires one; needs --boskos-password-file.', '', { group }),
  boskosPasswordFile: text('File with the password of --boskos-user.', '', { group }),
};

/** The values of `--boskos-on-lost`. */
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
  /** Milliseconds that a keeper renews the lease after the run. */
  readonly keepFor: number;
}

/**
 * Reads the flags' values. `type` is what is leased where the owner of the flags has a flag of its own for it.
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
    if (value < 0) throw new UsageError(`invalid ${flag} ${value}: must not be negative`);
  }
  if (type === '') throw new UsageError('invalid --boskos-resource-type "": specify a type such as gce-project');
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

/** The owner of a lease: job, build and run, so that two builds of a job, or two people, are distinct. */
export function ownerOf(run: Pick<Run, 'env' | 'id'>): string {
  return [run.env['JOB_NAME'] || 'kubetest2', run.env['BUILD_ID'], run.id].filter(Boolean).join('-');
}
