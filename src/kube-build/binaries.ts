import { join } from 'node:path';
import { RunError } from '../api/errors.ts';
import type { Run } from '../api/run.ts';
import { copyAtomic } from '../system/atomic-write.ts';
import { hostPlatform, platformName } from '../system/platform.ts';
import { namesIn } from './files.ts';
import type { BuildOptions } from './flags.ts';

/** The binaries of a build that tests and deployers use on this host. */
const KEPT = ['kubectl', 'e2e.test', 'ginkgo'];

/**
 * Copies the binaries for this host from a build's output to the run directory, where testers look for built binaries.
 * Throws RunError when the build has not created one that the run needs.
 */
export async function keepBinaries(options: BuildOptions, run: Run): Promise<void> {
  const host = platformName(hostPlatform());
  const built = join(options.repoRoot, '_output', 'dockerized', 'bin');
  const here = await namesIn(join(built, host));
  for (const name of KEPT.filter((each) => here.includes(each))) {
    await copyAtomic(join(built, host, name), join(run.dir, name));
    run.log.info(`Copied the built ${name} to ${run.dir}`);
  }
  const missing = options.needs.filter((name) => !here.includes(name));
  if (missing.length === 0) return;
  const others = options.platforms.filter((each) => each !== host);
  const hint =
    others.length === options.platforms.length
      ? `; it was built for ${others.join(' and ')} (--target-build-arch)`
      : '';
  throw new RunError(
    `the build created no ${missing.join(' and no ')} for this host (${host}) in ${join(built, host)}${hint}`,
  );
}
