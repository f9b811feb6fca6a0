import { copyFile, readdir, rename } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { RunError } from '../api/errors.ts';
import type { Run } from '../api/run.ts';
import { platformOf } from '../system/platform.ts';
import type { BuildOptions } from './flags.ts';

/** What the tests and the deployers use of a build on this machine. */
const KEPT = ['kubectl', 'e2e.test', 'ginkgo'];

/**
 * Copies the programs for this machine from a build's output to the run dir, where testers look for built binaries.
 * Throws RunError when one that the run needs was not built, and says for which platform it was.
 */
export async function keepBinaries(options: BuildOptions, run: Run): Promise<void> {
  const host = hostPlatform();
  const built = join(options.repoRoot, '_output', 'dockerized', 'bin');
  const here = await namesIn(join(built, host));
  for (const name of KEPT.filter((each) => here.includes(each))) {
    const scratch = join(run.dir, `.${name}.new`);
    await copyFile(join(built, host, name), scratch);
    await rename(scratch, join(run.dir, name));
    run.log.info(`keeps the ${name} that was built`);
  }
  const missing = options.needs.filter((name) => !here.includes(name));
  if (missing.length === 0) return;
  const others = options.platforms.filter((each) => each !== host);
  const hint =
    others.length === options.platforms.length
      ? `; it was built for ${others.join(' and ')} (--target-build-arch), and the tests run here`
      : '';
  throw new RunError(
    `the build made no ${missing.join(' and no ')} for this machine (${host}) in ${join(built, host)}${hint}`,
  );
}

/** This machine's platform in Go's words. */
export function hostPlatform(): string {
  const host = platformOf({ platform: platform(), arch: arch() });
  return `${host.os}/${host.arch}`;
}

async function namesIn(folder: string): Promise<string[]> {
  return await readdir(folder).catch(() => []);
}
