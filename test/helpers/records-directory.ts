import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** An empty directory for one test, removed after it. */
export function tempDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'kubetest2-ts-records-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A file system of its own for one test, in memory, with these mount options; undefined where mounting is refused. */
export function tempMount(options: string): string | undefined {
  const directory = tempDirectory();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  // Run before the directory's removal: the last registered is the first called.
  onTestFinished(() => void execFileSync('umount', [directory]));
  return directory;
}

/** Mounts a file system in memory again, with other options. */
export function remount(directory: string, options: string): void {
  execFileSync('mount', ['-o', `remount,${options}`, directory]);
}

/** What an action throws, or what it gives when it does not throw. */
export function outcomeOf(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}
