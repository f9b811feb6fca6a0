import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Run } from '../../src/api/run.ts';
import type { Acquirer, Cached } from '../../src/download/downloader.ts';
import { hostPlatform } from '../../src/system/platform.ts';
import type { GinkgoValues } from './flags.ts';
import { builtProgram, recordPlaced } from './placed-binaries.ts';
import { BINARY_NAMES, type Binaries, type Binary, type BinaryName } from './test-binary.ts';

const E2E_TEST = 'kubernetes/test/bin/e2e.test';
const GINKGO = 'kubernetes/test/bin/ginkgo';

/**
 * Downloads and verifies the test package and the kubectl of one version, and puts the three binaries into the run
 * directory, or, if Build puts its own there, into a subdirectory.
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

/** Runs both downloads in parallel; when one fails the other is stopped. */
async function fetchAll(root: string, acquirer: Acquirer, signal: AbortSignal): Promise<Record<BinaryName, Cached>> {
  const host = hostPlatform();
  const failed = new AbortController();
  const options = { signal: AbortSignal.any([signal, failed.signal]), expectBinaryFor: host };
  const url = `${root}/kubernetes-test-${host.os}-${host.arch}.tar.gz`;
  const members = acquirer.members(url, [E2E_TEST, GINKGO], options);
  const client = acquirer.file(`${root}/bin/${host.os}/${host.arch}/kubectl`, options);
  try {
    const [{ [E2E_TEST]: e2eTest, [GINKGO]: ginkgo }, kubectl] = await Promise.all([members, client]);
    if (!e2eTest || !ginkgo) throw new Error(`${url} does not contain ${E2E_TEST} and ${GINKGO}`);
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
  const directory = (await belongsToBuild(run, signal)) ? join(run.dir, 'test-package') : run.dir;
  await mkdir(directory, { recursive: true });
  if (directory === run.dir) await recordPlaced(run.dir, digestsOf(cached));
  const placed = BINARY_NAMES.map(async (name) => {
    const { url, sha256 } = cached[name];
    const path = join(directory, name);
    await acquirer.place(cached[name], path);
    return [name, { path, origin: url, sha256, notes: acquirer.notes(cached[name]) }] as const;
  });
  return Object.fromEntries(await Promise.all(placed)) as Record<BinaryName, Binary>;
}

/** True when the run directory has or gets the binaries of Build. */
async function belongsToBuild(run: Run, signal: AbortSignal): Promise<boolean> {
  if (run.asked.build) return true;
  const built = await builtProgram(run.dir, signal);
  if (built === undefined) return false;
  run.log.info(`Keeping ${built}, which this run has built; test with it by --use-built-binaries`);
  return true;
}

const digestsOf = (cached: Readonly<Record<BinaryName, Cached>>): Record<BinaryName, string> => ({
  'e2e.test': cached['e2e.test'].sha256,
  ginkgo: cached.ginkgo.sha256,
  kubectl: cached.kubectl.sha256,
});

const withoutSlashes = (part: string): string => part.replace(/\/+$/, '').replace(/^\/(?=[^/])/, '');
