import { mkdir } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import type { Run } from '../../src/api/run.ts';
import type { Acquirer, Cached } from '../../src/download/downloader.ts';
import { platformOf } from '../../src/system/platform.ts';
import type { GinkgoValues } from './flags.ts';
import { builtProgram, rememberPlaced } from './placed-binaries.ts';
import { BINARY_NAMES, type Binaries, type Binary, type BinaryName } from './test-binary.ts';

const E2E_TEST = 'kubernetes/test/bin/e2e.test';
const GINKGO = 'kubernetes/test/bin/ginkgo';

/**
 * Fetches the test package of one version and its kubectl, verified, and puts the three programs into the run
 * directory; or, where Build puts or has put its own there, into a folder of that directory.
 */
export async function acquirePackage(
  values: GinkgoValues,
  run: Run,
  open: () => Promise<Acquirer>,
  signal: AbortSignal,
): Promise<Binaries> {
  const acquirer = await open();
  try {
    const base = [values.testPackageUrl, values.testPackageDir].map(withoutSlashes).join('/');
    const { version, root } =
      values.testPackageVersion === ''
        ? await acquirer.resolve(`${base}/${values.testPackageMarker}`, { signal })
        : await acquirer.resolve(values.testPackageVersion, { signal, base });
    const cached = await fetchAll(root, acquirer, signal);
    return { programs: await placeAll(cached, acquirer, run, signal), packageVersion: version };
  } finally {
    await acquirer.close();
  }
}

/** Both downloads at once; when one fails the other ends too. */
async function fetchAll(root: string, acquirer: Acquirer, signal: AbortSignal): Promise<Record<BinaryName, Cached>> {
  const host = platformOf({ platform: platform(), arch: arch() });
  const failed = new AbortController();
  const options = { signal: AbortSignal.any([signal, failed.signal]), expectBinaryFor: host };
  const address = `${root}/kubernetes-test-${host.os}-${host.arch}.tar.gz`;
  const members = acquirer.members(address, [E2E_TEST, GINKGO], options);
  const client = acquirer.file(`${root}/bin/${host.os}/${host.arch}/kubectl`, options);
  try {
    const [{ [E2E_TEST]: e2eTest, [GINKGO]: ginkgo }, kubectl] = await Promise.all([members, client]);
    if (!e2eTest || !ginkgo) throw new Error(`${address} was said to hold ${E2E_TEST} and ${GINKGO}`);
    return { 'e2e.test': e2eTest, ginkgo, kubectl };
  } catch (error) {
    failed.abort(error);
    await Promise.allSettled([members, client]);
    signal.throwIfAborted();
    throw error;
  }
}

async function placeAll(
  cached: Readonly<Record<BinaryName, Cached>>,
  acquirer: Acquirer,
  run: Run,
  signal: AbortSignal,
): Promise<Record<BinaryName, Binary>> {
  const folder = (await belongsToBuild(run, signal)) ? join(run.dir, 'test-package') : run.dir;
  await mkdir(folder, { recursive: true });
  if (folder === run.dir) await rememberPlaced(run.dir, digestsOf(cached));
  const placed = BINARY_NAMES.map(async (name) => {
    const { url, sha256 } = cached[name];
    const path = join(folder, name);
    await acquirer.place(cached[name], path);
    return [name, { path, origin: url, sha256, notes: acquirer.notes(cached[name]) }] as const;
  });
  return Object.fromEntries(await Promise.all(placed)) as Record<BinaryName, Binary>;
}

/** Whether the run directory's names are Build's: it works beside us, or a program is there that we did not place. */
async function belongsToBuild(run: Run, signal: AbortSignal): Promise<boolean> {
  if (run.asked.build) return true;
  const built = await builtProgram(run.dir, signal);
  if (built === undefined) return false;
  run.log.info(`${built} was built in this run and stays; --use-built-binaries tests with it`);
  return true;
}

const digestsOf = (cached: Readonly<Record<BinaryName, Cached>>): Record<BinaryName, string> => ({
  'e2e.test': cached['e2e.test'].sha256,
  ginkgo: cached.ginkgo.sha256,
  kubectl: cached.kubectl.sha256,
});

const withoutSlashes = (part: string): string => part.replace(/\/+$/, '').replace(/^\/(?=[^/])/, '');
