import { homedir } from 'node:os';
import { basename } from 'node:path';
import type { DeployerKind } from '../api/deployer.ts';
import type { Env } from '../api/env.ts';
import { messageOf, UsageError } from '../api/errors.ts';
import { exitCodeOf } from '../api/exit-codes.ts';
import type { Registry } from '../api/registry.ts';
import type { TesterKind } from '../api/tester.ts';
import { findDeployer } from '../plugins/find-plugins.ts';
import { isExecutable, programVersion } from '../runtime/build-info.ts';
import type { World } from '../runtime/world.ts';
import { unusableProgram } from '../system/find-program.ts';
import { checkUtf8 } from './utf8-args.ts';

/** First arguments that stand for a command. */
const LIKE_COMMANDS: Readonly<Record<string, string>> = {
  '-h': 'help',
  '--help': 'help',
  '-v': 'version',
  '--version': 'version',
};
const LAUNCHERS = ['kubetest2-ts', 'kubetest2'];
/** Under every name, the program that leased a project can be started again as the keeper of that lease. */
const KEEPER = 'keep-lease';

/**
 * One call of the program, from its arguments to its exit code. With a registry it is the launcher, or one of its
 * deployers or testers when it was started by the name of one (`kubetest2-kind`, `kubetest2-tester-exec`); with a
 * deployer or a tester alone it is that program.
 */
export async function main(
  what: Registry | DeployerKind | TesterKind,
  args: readonly string[] = process.argv.slice(2),
  env: Env = process.env,
): Promise<number> {
  try {
    checkUtf8(args);
    const world = realWorld(args, env);
    letReadersGo(world.stdout);
    if ('deployers' in what) return await byName(what, world);
    if (what.is === 'deployer' && args[0] === KEEPER) {
      return await launcher({ deployers: [], testers: [] }, world);
    }
    if (args.length === 1 && args[0] === '--version') {
      const name = what.is === 'deployer' ? `kubetest2-${what.name}` : `kubetest2-tester-${what.name}`;
      world.stdout.write(`${name} version ${what.version ?? programVersion()}\n`);
      return 0;
    }
    if (what.is === 'tester') return await (await import('./tester-program.ts')).testerProgram(what, world);
    return await (await import('./deployer-command.ts')).deployerCommand(
      what,
      args,
      { deployers: [], testers: [] },
      world,
    );
  } catch (error) {
    process.stderr.write(`Error: ${messageOf(error)}\n`);
    return exitCodeOf(error);
  }
}

/** Ignores EPIPE on stdout: a reader such as head may close the pipe early. */
function letReadersGo(stdout: World['stdout']): void {
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    // During a run src/process listens as well, and warns.
    if (error.code !== 'EPIPE' && stdout.listenerCount('error') === 1) throw error;
  });
}

/** Absolute. Throws UsageError when it was removed while this process started. */
function workingDirectory(): string {
  try {
    return process.cwd();
  } catch (cause) {
    throw new UsageError('the working directory no longer exists: change to one that does', { cause });
  }
}

function realWorld(args: readonly string[], env: Env): World {
  return {
    program: basename((isExecutable() ? process.argv0 : process.argv[1]) ?? 'kubetest2-ts').replace(
      /\.[cm]?[jt]s$/,
      '',
    ),
    args,
    env,
    cwd: workingDirectory(),
    home: env['HOME'] || homedir(),
    stdout: process.stdout,
    stderr: process.stderr,
    pid: process.pid,
    stdinIsTerminal: () => process.stdin.isTTY === true,
    signals: process,
    runtime: `node ${process.versions.node}`,
    self: isExecutable()
      ? [process.execPath]
      : [process.execPath, ...process.execArgv, ...(process.argv[1] === undefined ? [] : [process.argv[1]])],
  };
}

async function byName(registry: Registry, world: World): Promise<number> {
  const { program, args } = world;
  if (program.startsWith('kubetest2-tester-')) {
    const tester = registry.testers.find(({ name }) => `kubetest2-tester-${name}` === program);
    if (tester) return await (await import('./tester-program.ts')).testerProgram(await tester.load(), world);
  } else if (program.startsWith('kubetest2-') && !LAUNCHERS.includes(program)) {
    const deployer = registry.deployers.find(({ name }) => `kubetest2-${name}` === program);
    if (deployer && args[0] !== KEEPER)
      return await (await import('./deployer-command.ts')).deployerCommand(
        await deployer.load(),
        args,
        registry,
        world,
      );
  }
  return await launcher(registry, world);
}

async function launcher(registry: Registry, world: World): Promise<number> {
  const [first, ...rest] = world.args;
  const word = first === undefined ? 'help' : (LIKE_COMMANDS[first] ?? first);
  const deployer = registry.deployers.find(({ name }) => name === word);
  if (deployer)
    return await (await import('./deployer-command.ts')).deployerCommand(await deployer.load(), rest, registry, world);
  const { findCommand } = await import('./commands/index.ts');
  const command = findCommand(word);
  if (command) return await (await import('./run-command.ts')).runCommand(command, rest, registry, world);
  const path = findDeployer(word, world.env, world.cwd);
  if (path !== undefined)
    return await (await import('../plugins/plugin-deployer.ts')).runPluginDeployer(path, rest, world);
  throw new UsageError(await unknownName(word, registry, world));
}

async function unknownName(word: string, registry: Registry, { env, cwd }: World): Promise<string> {
  const { closestName } = await import('../text/closest-name.ts');
  const { commandNames } = await import('./commands/index.ts');
  const reason = unusableProgram(`kubetest2-${word}`, env, cwd);
  const names = [...registry.deployers.map(({ name }) => name), ...commandNames];
  const near = closestName(word, names);
  const missing = `no program kubetest2-${word} is on PATH`;
  const hint = reason ?? (near === undefined ? missing : `did you mean ${JSON.stringify(near)}?`);
  return (
    `unknown deployer or command ${JSON.stringify(word)} ` +
    `(deployers: ${registry.deployers.map(({ name }) => name).join(', ')}; commands: ${commandNames.join(', ')}); ${hint}`
  );
}
