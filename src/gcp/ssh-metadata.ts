import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError, causeOf, RunError } from '../api/errors.ts';
import type { Run } from '../api/run.ts';
import { delay } from '../system/wait.ts';

/** Attempts, since gcloud rejects a change when another client changed the project's metadata at the same time. */
const ATTEMPTS = 5;

/**
 * Adds a public SSH key to a project's metadata, unless any user has it.
 * Returns whether it was added. Throws RunError when gcloud fails.
 * @param key the content of the public key file
 * @param beforeAdding called with the line before it is added, so that it can be removed later
 */
export async function registerSshKey(
  project: string,
  user: string,
  key: string,
  run: Run,
  signal: AbortSignal,
  beforeAdding: (line: string) => Promise<void>,
): Promise<boolean> {
  const [type = '', body = ''] = key.trim().split(/\s+/);
  if (body === '') throw new RunError('invalid public SSH key: expected a type and a key');
  const line = `${user}:${type} ${body} ${user}`;
  return await changeSshKeys(project, run, signal, async (lines) => {
    if (lines.some((each) => each.includes(`${type} ${body}`))) return undefined;
    await beforeAdding(line);
    return [...lines, line];
  });
}

/** Removes a line from a project's SSH keys, if it is there. Throws RunError when gcloud fails. */
export async function unregisterSshKey(project: string, line: string, run: Run, signal: AbortSignal): Promise<void> {
  await changeSshKeys(project, run, signal, async (lines) =>
    lines.includes(line) ? lines.filter((each) => each !== line) : undefined,
  );
}

/** Changes the lines of a project's SSH keys; false when `change` finds nothing to change. */
async function changeSshKeys(
  project: string,
  run: Run,
  signal: AbortSignal,
  change: (lines: readonly string[]) => Promise<readonly string[] | undefined>,
): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const lines = await change(await sshKeyLines(project, run, signal));
      if (lines === undefined) return false;
      await writeSshKeys(project, lines, run, signal);
      return true;
    } catch (error) {
      signal.throwIfAborted();
      const output = causeOf(error, CommandError)?.output ?? '';
      if (attempt === ATTEMPTS || !/fingerprint|412|conditionNotMet/i.test(output)) {
        throw new RunError(`cannot read or change the SSH keys of project ${project}`, { cause: error });
      }
      await delay(200 * 2 ** attempt, signal);
    }
  }
}

async function sshKeyLines(project: string, run: Run, signal: AbortSignal): Promise<string[]> {
  const argv = ['gcloud', 'compute', 'project-info', 'describe', `--project=${project}`, '--format=json', '--quiet'];
  const { stdout } = await run.exec(argv, { signal, output: 'capture' });
  const info = JSON.parse(stdout) as {
    commonInstanceMetadata?: { items?: readonly { readonly key: string; readonly value?: string }[] };
  };
  const value = info.commonInstanceMetadata?.items?.find(({ key }) => key === 'ssh-keys')?.value ?? '';
  return value.split('\n').filter((line) => line !== '');
}

async function writeSshKeys(project: string, lines: readonly string[], run: Run, signal: AbortSignal): Promise<void> {
  const gcloud = ['gcloud', 'compute', 'project-info'];
  if (lines.length === 0) {
    const argv = [...gcloud, 'remove-metadata', `--project=${project}`, '--keys=ssh-keys', '--quiet'];
    await run.exec(argv, { signal, output: 'log' });
    return;
  }
  await mkdir(run.dir, { recursive: true, mode: 0o700 });
  const file = join(run.dir, 'ssh-keys');
  try {
    await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 });
    const argv = [
      ...gcloud,
      'add-metadata',
      `--project=${project}`,
      `--metadata-from-file=ssh-keys=${file}`,
      '--quiet',
    ];
    await run.exec(argv, { signal, output: 'log' });
  } finally {
    await rm(file, { force: true });
  }
}
