import { createHash } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Run } from '../../src/api/run.ts';
import { placeSshKeys, type SshKeys, sshKeyPaths } from '../../src/gcp/ssh-keys.ts';

/** The fact that tells the key pair this run made: the digest of its public key. */
const MADE = 'sshKeyMade';

/**
 * Puts gcloud's key pair in place: the user's own, one that the environment names, or a new one for this run.
 * Throws RunError when that cannot be done.
 */
export async function provideKeys(run: Run, signal: AbortSignal): Promise<SshKeys> {
  const placed = await placeSshKeys(run.env);
  if (placed.state !== 'absent') {
    run.log.info(
      placed.state === 'found' ? `uses the SSH key ${placed.privateKey}` : `copied the SSH key to ${placed.privateKey}`,
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
    const made = await placeSshKeys({
      ...run.env,
      GCE_SSH_PRIVATE_KEY_FILE: scratch,
      GCE_SSH_PUBLIC_KEY_FILE: `${scratch}.pub`,
    });
    run.log.info(`made the SSH key ${made.privateKey} for this run`);
    return made;
  } finally {
    await Promise.all([scratch, `${scratch}.pub`].map((file) => rm(file, { force: true })));
  }
}

/** Removes the key pair if this run made it and nobody changed it since. */
export async function removeKeys(run: Run): Promise<void> {
  const made = run.state.recall(MADE);
  if (made === undefined) return;
  const { privateKey, publicKey } = sshKeyPaths(run.env);
  if ((await digestOf(publicKey)) === made) {
    await Promise.all([privateKey, publicKey].map((file) => rm(file, { force: true })));
  } else run.log.warn(`${publicKey} is not what this run put there, so it stays`);
  await run.state.remember({ [MADE]: undefined });
}

/** Who the machines are entered as. */
export function sshUser({ env }: Pick<Run, 'env'>): string {
  return env['KUBE_SSH_USER'] || env['USER'] || 'kubetest2';
}

async function rememberKeys(run: Run, publicKey: string): Promise<void> {
  await run.state.remember({ [MADE]: await digestOf(publicKey) });
}

async function digestOf(file: string): Promise<string | undefined> {
  const bytes = await readFile(file).catch(() => undefined);
  return bytes && createHash('sha256').update(bytes).digest('hex');
}
