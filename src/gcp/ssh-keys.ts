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
  /** `found`: one of them was there and both were left alone; `copied`: both were put there; `absent`: neither is there. */
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
 * Puts gcloud's key pair in place from the files that $GCE_SSH_PRIVATE_KEY_FILE and $GCE_SSH_PUBLIC_KEY_FILE name
 * (else their JENKINS_ twins), unless either key is there already. The folder is 0700, the private key 0600, the public
 * one 0644; each appears whole or not at all, and nothing is written through a symbolic link.
 * Throws RunError when a key cannot be read or written; then neither is left behind.
 */
export async function placeSshKeys(env: Env): Promise<SshKeys> {
  const paths = sshKeyPaths(env);
  if ((await isTaken(paths.privateKey)) || (await isTaken(paths.publicKey))) return { ...paths, state: 'found' };
  const sources = SOURCES.map(([secret, open]) => [env[secret], env[open]] as const).find(([a, b]) => a && b);
  const [privateSource, publicSource] = sources ?? [];
  if (!privateSource || !publicSource) return { ...paths, state: 'absent' };
  const [secret, shown] = await Promise.all([read(privateSource), read(publicSource)]);
  await makeDirectory(dirname(paths.privateKey));
  await write(paths.privateKey, secret, 0o600);
  try {
    await write(paths.publicKey, shown, 0o644);
  } catch (error) {
    await rm(paths.privateKey, { force: true });
    throw error;
  }
  return { ...paths, state: 'copied' };
}

/** Makes `~/.ssh`, 0700, when it is not there. Throws RunError when it is something else than a folder. */
export async function makeDirectory(folder: string): Promise<void> {
  const there = await lstat(folder).catch(() => undefined);
  if (there === undefined) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chmod(folder, 0o700);
  } else if (!there.isDirectory()) {
    throw new RunError(`${folder} is not a folder; SSH keys are not written through links`);
  }
}

/** True when something has that name. A link that leads nowhere would be written through later, so it is refused. */
async function isTaken(path: string): Promise<boolean> {
  const there = await lstat(path).catch(() => undefined);
  if (there === undefined) return false;
  if (there.isSymbolicLink() && (await readFile(path).catch(() => undefined)) === undefined) {
    throw new RunError(`${path} is a link that leads nowhere; remove it, or put the key where it points`);
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
