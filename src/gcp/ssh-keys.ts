import { randomUUID } from 'node:crypto';
import { chmod, lstat, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Env } from '../api/env.ts';
import { RunError } from '../api/errors.ts';

/** gcloud's key pair, where gcloud, kube-up and the node e2e runner look for it. */
export interface SshKeys {
  /** Absolute; the public key is beside it, with `.pub`. */
  readonly privateKey: string;
  readonly publicKey: string;
  /** `found`: one of them existed and neither was changed; `copied`: both were copied here; `absent`: neither exists. */
  readonly state: 'found' | 'copied' | 'absent';
}

const SOURCES = [
  ['GCE_SSH_PRIVATE_KEY_FILE', 'GCE_SSH_PUBLIC_KEY_FILE'],
  ['JENKINS_GCE_SSH_PRIVATE_KEY_FILE', 'JENKINS_GCE_SSH_PUBLIC_KEY_FILE'],
] as const;

/** Where gcloud keeps its key pair: `~/.ssh/google_compute_engine` and `.pub`. */
export function sshKeyPaths(env: Env): { readonly privateKey: string; readonly publicKey: string } {
  const privateKey = join(env['HOME'] || homedir(), '.ssh', 'google_compute_engine');
  return { privateKey, publicKey: `${privateKey}.pub` };
}

/**
 * Copies gcloud's key pair from the files in $GCE_SSH_PRIVATE_KEY_FILE and $GCE_SSH_PUBLIC_KEY_FILE (else the same
 * variables with JENKINS_), unless either key already exists. The directory gets mode 0700, the private key 0600, the
 * public one 0644; each is written atomically, and nothing is written through a symbolic link.
 * Throws RunError when a key cannot be read or written; then neither is left behind.
 */
export async function placeSshKeys(env: Env): Promise<SshKeys> {
  const paths = sshKeyPaths(env);
  if ((await exists(paths.privateKey)) || (await exists(paths.publicKey))) return { ...paths, state: 'found' };
  const sources = SOURCES.map(([secret, open]) => [env[secret], env[open]] as const).find(([a, b]) => a && b);
  const [privateSource, publicSource] = sources ?? [];
  if (!privateSource || !publicSource) return { ...paths, state: 'absent' };
  const [secret, publicKey] = await Promise.all([read(privateSource), read(publicSource)]);
  await createSshDirectory(dirname(paths.privateKey));
  await write(paths.privateKey, secret, 0o600);
  try {
    await write(paths.publicKey, publicKey, 0o644);
  } catch (error) {
    await rm(paths.privateKey, { force: true });
    throw error;
  }
  return { ...paths, state: 'copied' };
}

/** Creates `~/.ssh` with mode 0700 if it does not exist. Throws RunError when it is not a directory. */
export async function createSshDirectory(path: string): Promise<void> {
  const existing = await lstat(path).catch(() => undefined);
  if (existing === undefined) {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await chmod(path, 0o700);
  } else if (!existing.isDirectory()) {
    throw new RunError(`cannot write SSH keys: ${path} is not a directory (symbolic links are not followed)`);
  }
}

/** True when a file has that path. Rejects a dangling link, since gcloud would write through it. */
async function exists(path: string): Promise<boolean> {
  const existing = await lstat(path).catch(() => undefined);
  if (existing === undefined) return false;
  if (existing.isSymbolicLink() && (await readFile(path).catch(() => undefined)) === undefined) {
    throw new RunError(`cannot use ${path}: dangling symbolic link; remove it, or create the key it points to`);
  }
  return true;
}

async function read(source: string): Promise<Uint8Array> {
  try {
    return await readFile(source);
  } catch (error) {
    throw new RunError(`cannot read the SSH key ${source}`, { cause: error });
  }
}

async function write(path: string, content: Uint8Array, mode: number): Promise<void> {
  const scratch = `${path}.${randomUUID()}`;
  try {
    const file = await open(scratch, 'wx', mode);
    try {
      await file.chmod(mode);
      await file.writeFile(content);
    } finally {
      await file.close();
    }
    await rename(scratch, path);
  } catch (error) {
    await rm(scratch, { force: true });
    throw new RunError(`cannot write the SSH key ${path}`, { cause: error });
  }
}
