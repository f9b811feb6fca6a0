import { createHash } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Run } from '../../src/api/run.ts';
import { placeSshKeys, type SshKeys, sshKeyPaths } from '../../src/gcp/ssh-keys.ts';

/** The fact with the key pair that this run created: the digest of its public key. */
const CREATED = 'sshKeyMade';

/**
 * Sets up gcloud's key pair: the user's own, the one in the environment, or a new one for this run.
 * Throws RunError when that fails.
 */
export async function provideKeys(run: Run, signal: AbortSignal): Promise<SshKeys> {
  const placed = await placeSshKeys(run.env);
  if (placed.state !== 'absent') {
    run.log.info(
      placed.state === 'found' ? `Using SSH key ${placed.privateKey}` : `Copied the SSH key to ${placed.privateKey}`,
    );
    if (placed.state === 'copied') await rememberKeys(run, placed.publicKey);
    return placed;
  }
  const scratch = join(run.dir, 'ssh-key');
  await mkdir(run.dir, { recursive: true, mode: 0o700 });
  const user = sshUser(run);
  const argv = ['ssh-keygen', '-q', '-t', 'rsa', '-b', '3072', '-N', '', '-C', user, '-f', scratch];
  try {
    await run.exec(argv, { signal, output: 'log' });
    await rememberKeys(run, `${scratch}.pub`);
    const created = await placeSshKeys({
      ...run.env,
      GCE_SSH_PRIVATE_KEY_FILE: scratch,
      GCE_SSH_PUBLIC_KEY_FILE: `${scratch}.pub`,
    });
    run.log.info(`Created SSH key ${created.privateKey} for this run`);
    return created;
  } finally {
    await Promise.all([scratch, `${scratch}.pub`].map((file) => rm(file, { force: true })));
  }
}

/** Removes the key pair if this run created it and it has not changed since. */
export async function removeKeys(run: Run): Promise<void> {
  const created = run.state.recall(CREATED);
  if (created === undefined) return;
  const { privateKey, publicKey } = sshKeyPaths(run.env);
  if ((await digestOf(publicKey)) === created) {
    await Promise.all([privateKey, publicKey].map((file) => rm(file, { force: true })));
  } else run.log.warn(`Keeping ${publicKey}: it has changed since this run created it`);
  await run.state.remember({ [CREATED]: undefined });
}

/** The user name for SSH to the instances. */
export function sshUser({ env }: Pick<Run, 'env'>): string {
  return env['KUBE_SSH_USER'] || env['USER'] || 'kubetest2';
}

async function rememberKeys(run: Run, publicKey: string): Promise<void> {
  await run.state.remember({ [CREATED]: await digestOf(publicKey) });
}

async function digestOf(file: string): Promise<string | undefined> {
  const bytes = await readFile(file).catch(() => undefined);
  return bytes && createHash('sha256').update(bytes).digest('hex');
}
