import { EventEmitter } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { Command, ListedCommand } from '../../src/cli/commands/command.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import type { World } from '../../src/runtime/world.ts';
import { tempDirectory } from './downloader.ts';

/** Runs one command as the launcher does, with a cache of its own; gives its exit code and what it printed. */
export async function callCommand(
  name: string,
  command: Command,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const printed = { stdout: '', stderr: '' };
  const stream = (to: 'stdout' | 'stderr') =>
    new Writable({
      write: (chunk, _encoding, done) => {
        printed[to] += String(chunk);
        done();
      },
    }) as unknown as NodeJS.WriteStream;
  const world: World = {
    program: 'kubetest2-ts',
    args,
    env: { KUBETEST2_CACHE_DIR: join(tempDirectory(), 'cache'), ...env },
    cwd: tmpdir(),
    home: tmpdir(),
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    pid: 1,
    stdinIsTerminal: () => false,
    signals: new EventEmitter(),
    runtime: 'node',
    self: ['kubetest2-ts'],
  };
  const listed: ListedCommand = { name, summary: '', load: async () => command };
  const code = await runCommand(listed, args, { deployers: [], testers: [] }, world);
  return { code, out: printed.stdout, err: printed.stderr };
}
