import { CommandError, causeOf, messageOf } from '../api/errors.ts';
import { commandExitCode, exitCodeOf, exitCodes } from '../api/exit-codes.ts';
import { programVersion } from '../runtime/build-info.ts';
import { openSession } from '../runtime/session.ts';
import type { World } from '../runtime/world.ts';

/**
 * Runs a plugin deployer, which implements the whole lifecycle: its arguments, streams and exit code are passed through
 * (kubetest2's pkg/app/shim). Signals are passed on: the first one interrupts its process group and waits for its teardown
 * without a timeout.
 */
export async function runPluginDeployer(path: string, args: readonly string[], world: World): Promise<number> {
  using session = openSession(world);
  const { signals, log } = session;
  const env = { ...world.env, KUBETEST2_VERSION: `kubetest2 version ${programVersion()}` };
  const exec = session.openExec({ env: () => env, grace: Number.POSITIVE_INFINITY });
  try {
    await exec([path, ...args], { signal: signals.work, output: 'inherit' });
    return 0;
  } catch (error) {
    if (signals.interrupted) return exitCodeOf(signals.interrupted);
    log.error(messageOf(error));
    return commandExitCode(error) ?? (causeOf(error, CommandError) ? 127 : exitCodes.runFailed.code);
  }
}
