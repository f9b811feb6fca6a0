import { randomUUID } from 'node:crypto';
import { lstat, readlink, realpath, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { RunError, UsageError } from '../../api/errors.ts';
import { toggle } from '../../api/flags.ts';
import { makeDirectory } from '../../system/directories.ts';
import { reasonOf } from '../../system/system-error.ts';
import { type CommandWorld, defineCommand } from './command.ts';

const flags = { force: toggle('Replace existing files of these names.') } as const;

export const link = defineCommand({
  usage: ['link DIR [flags]'],
  about:
    "Links kubetest2's own program names (kubetest2, kubetest2-kind, kubetest2-tester-ginkgo ...) to this program, so " +
    'that scripts and other deployers find it. Fails if another file has one of these names, unless --force is set.',
  examples: ['kubetest2-ts link ~/bin'],
  flags,
  args: [1, 1],
  run: async ({ flags: { force }, args: [dir = ''] }, world) => await linkInto(dir, force, world),
});

async function linkInto(dir: string, force: boolean, world: CommandWorld): Promise<number> {
  const directory = resolve(world.cwd, dir);
  try {
    makeDirectory(directory);
  } catch (error) {
    fail(`cannot create directory ${directory}`, error);
  }
  const program = await realpath(world.self.at(-1) ?? '');
  const names = [
    'kubetest2',
    ...world.registry.deployers.map(({ name }) => `kubetest2-${name}`),
    ...world.registry.testers.map(({ name }) => `kubetest2-tester-${name}`),
  ];
  const states = await Promise.all(
    names.map(async (name) => [name, await stateOf(join(directory, name), program)] as const),
  );
  const taken = states.filter(([, state]) => state === 'other').map(([name]) => join(directory, name));
  if (taken.length > 0 && !force) {
    throw new UsageError(
      `these files exist and are not links to ${basename(program)}; set --force to replace them:\n  ${taken.join('\n  ')}`,
    );
  }
  const made: string[] = [];
  for (const [name, state] of states) {
    if (state === 'ours') continue;
    const path = join(directory, name);
    try {
      await replaceByLink(path, relative(await realpath(dirname(path)), program));
    } catch (error) {
      fail(`cannot create link ${path}`, error);
    }
    made.push(`${path} -> ${program}\n`);
  }
  world.stdout.write(made.join(''));
  return 0;
}

/** Replaces a file in one step, so that calls at the same time do not meet, and no name is missing in between. */
async function replaceByLink(path: string, target: string): Promise<void> {
  const draft = `${path}.${randomUUID()}.new`;
  try {
    await symlink(target, draft);
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}

function fail(what: string, cause: unknown): never {
  throw new RunError(`${what}: ${reasonOf(cause)}`, { cause });
}

async function stateOf(path: string, program: string): Promise<'free' | 'ours' | 'other'> {
  try {
    if (!(await lstat(path)).isSymbolicLink()) return 'other';
  } catch {
    return 'free';
  }
  const target = resolve(dirname(path), await readlink(path));
  const real = await realpath(target).catch(() => target);
  return real === program ? 'ours' : 'other';
}
