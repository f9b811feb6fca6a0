import { lstat, readlink, realpath, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { RunError, UsageError } from '../../api/errors.ts';
import { toggle } from '../../api/flags.ts';
import { makeDirectory } from '../../system/directories.ts';
import { reasonOf } from '../../system/system-error.ts';
import { parseFlags } from '../flags/parse.ts';
import type { CommandWorld } from './index.ts';

const flags = { force: toggle('Replace what is there by these names already.') } as const;

/**
 * Makes kubetest2's own program names in a folder, as relative links to this program: `kubetest2`, one for each deployer
 * and one for each tester. Links that are right stay; anything else by such a name is kept unless `--force`.
 */
export async function link(words: readonly string[], world: CommandWorld): Promise<number> {
  const { values, positionals, faults } = parseFlags({ link: flags }, words, world.env);
  const [typed] = positionals;
  if (faults.length > 0) throw new UsageError(faults.join('\n'));
  if (typed === undefined || positionals.length > 1)
    throw new UsageError('link needs one folder: kubetest2-ts link DIR');
  const folder = resolve(world.cwd, typed);
  try {
    makeDirectory(folder);
  } catch (error) {
    refuse(`${folder} cannot be made`, error);
  }
  const program = await realpath(world.self.at(-1) ?? '');
  const names = [
    'kubetest2',
    ...world.registry.deployers.map(({ name }) => `kubetest2-${name}`),
    ...world.registry.testers.map(({ name }) => `kubetest2-tester-${name}`),
  ];
  const states = await Promise.all(
    names.map(async (name) => [name, await stateOf(join(folder, name), program)] as const),
  );
  const taken = states.filter(([, state]) => state === 'other').map(([name]) => join(folder, name));
  if (taken.length > 0 && !values.link.force) {
    throw new UsageError(
      `these are there already and are not links to ${basename(program)}; --force replaces them:\n  ${taken.join('\n  ')}`,
    );
  }
  const made: string[] = [];
  for (const [name, state] of states) {
    if (state === 'ours') continue;
    const path = join(folder, name);
    try {
      await rm(path, { force: true });
      await symlink(relative(await realpath(dirname(path)), program), path);
    } catch (error) {
      refuse(`${path} cannot be made a link`, error);
    }
    made.push(`${path} -> ${program}\n`);
  }
  world.stdout.write(made.join(''));
  return 0;
}

function refuse(what: string, cause: unknown): never {
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
