import { openLog } from '../../logging/open-log.ts';
import { listenToSignals } from '../../runtime/signals.ts';
import type { CommandWorld as AcquireWorld } from './download-command.ts';
import type { CommandWorld } from './index.ts';

/** `pin VERSION…`: stopped by a signal as a run is. */
export async function pin(words: readonly string[], world: CommandWorld): Promise<number> {
  const { pinCommand } = await import('./pin.ts');
  return await stoppable(world, async (stoppableWorld) => await pinCommand(words, stoppableWorld));
}

/** `cache list|verify|prune`. */
export async function cache(words: readonly string[], world: CommandWorld): Promise<number> {
  const { cacheCommand } = await import('./cache.ts');
  return await stoppable(world, async (stoppableWorld) => await cacheCommand(words, stoppableWorld));
}

async function stoppable(
  { env, cwd, stdout, stderr, pid, signals }: CommandWorld,
  command: (world: AcquireWorld) => Promise<number>,
): Promise<number> {
  const log = openLog({ format: 'auto', verbosity: 0, stderr, env, now: () => new Date(), pid });
  using heard = listenToSignals(signals, log);
  return await command({
    env,
    cwd,
    stdout: (text) => stdout.write(text),
    stderr: (text) => stderr.write(text),
    signal: heard.work,
    log,
  });
}
