import { CommandError, causeOf, messageOf } from '../api/errors.ts';
import { commandExitCode, exitCodeOf, exitCodes } from '../api/exit-codes.ts';
import { programVersion } from '../runtime/build-info.ts';
import { openSession } from '../runtime/session.ts';
import type { World } from '../runtime/world.ts';

/**
 * Runs a deployer that is a program of its own. It holds an engine of its own, so its words reach it untouched, its
 * streams are ours and its exit code is passed on (kubetest2's pkg/app/shim). Stopped, it is asked as often as we are:
 * the first request interrupts its process group and waits for its teardown, however long that takes.
 */
export async function foreignDeployer(path: string, words: readonly string[], world: World): Promise<number> {
  using session = openSession(world);
  const { signals, log } = session;
  const env = { ...world.env, KUBETEST2_VERSION: `kubetest2 version ${programVersion()}` };
  const exec = session.openExec({ env: () => env, grace: Number.POSITIVE_INFINITY });
  try {
    await exec([path, ...words], { signal: signals.work, output: 'inherit' });
    return 0;
  } catch (error) {
    if (signals.interrupted) return exitCodeOf(signals.interrupted);
    log.error(messageOf(error));
    return commandExitCode(error) ?? (causeOf(error, CommandError) ? 127 : exitCodes.runFailed.code);
  }
}
