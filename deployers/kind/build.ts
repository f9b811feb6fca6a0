import { constants } from 'node:fs';
import { access, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { RunError } from '../../src/api/errors.ts';
import { copyAtomic } from '../../src/system/atomic-write.ts';
import { isDirectory } from '../../src/system/directories.ts';
import { runKind, type Tools } from './exec-kind.ts';
import { buildArgs } from './kind-args.ts';
import { builtImageOf } from './names.ts';

/** Builds the node image, and kubectl, e2e.test and ginkgo for this host, which go into the run directory. */
export async function build(tools: Tools, signal: AbortSignal): Promise<void> {
  await buildNodeImage(tools, signal);
  const root = await sourceTree(tools);
  if (root === undefined) {
    tools.run.log.info('Not building test binaries: the node image is not built from a source tree');
  } else await buildTestBinaries(tools, root, signal);
  await dropPageCache(tools, signal);
}

async function buildNodeImage(tools: Tools, signal: AbortSignal): Promise<void> {
  const { run, values } = tools;
  const image = values.imageName === '' ? builtImageOf(run.id) : values.imageName;
  if (values.imageName === '') await run.state.remember({ 'built-image': image });
  run.log.info(`Building node image ${image}`);
  await runKind(tools, buildArgs(tools), { signal });
}

/** The tree the image is built from; undefined when it is built from a release, an archive or a URL. */
async function sourceTree({ run, values }: Tools): Promise<string | undefined> {
  if (values.buildType !== '' && values.buildType !== 'source') return undefined;
  const root = resolve(run.cwd, values.kubeRoot);
  return (await isDirectory(root)) ? root : undefined;
}

const BINARIES = ['kubectl', 'e2e.test', 'ginkgo'];

async function buildTestBinaries({ run }: Tools, root: string, signal: AbortSignal): Promise<void> {
  run.log.info('Building kubectl, e2e.test and ginkgo');
  const targets = ['cmd/kubectl', 'test/e2e/e2e.test', await ginkgoTarget(root)];
  await run.exec(['make', 'all', `WHAT=${targets.join(' ')}`], { signal, cwd: root });
  const built = BINARIES.map((name) => join(root, '_output', 'bin', name));
  const missing = await missingFiles(built);
  if (missing.length > 0) throw new RunError(`make did not create ${missing.join(', ')}`);
  await mkdir(run.dir, { recursive: true });
  for (const [at, name] of BINARIES.entries()) await copyAtomic(built[at] ?? '', join(run.dir, name));
}

/** The make target of ginkgo: version 2 or 1 of the vendored modules, or, without those, the module itself. */
async function ginkgoTarget(root: string): Promise<string> {
  const vendored = ['vendor/github.com/onsi/ginkgo/v2/ginkgo', 'vendor/github.com/onsi/ginkgo/ginkgo'];
  const missing = await missingFiles(
    vendored.map((path) => join(root, path)),
    constants.R_OK,
  );
  return vendored.find((path) => !missing.includes(join(root, path))) ?? 'github.com/onsi/ginkgo/v2/ginkgo';
}

async function missingFiles(paths: readonly string[], mode = constants.X_OK): Promise<string[]> {
  const checks = paths.map((path) =>
    access(path, mode).then(
      () => '',
      () => path,
    ),
  );
  return (await Promise.all(checks)).filter((path) => path !== '');
}

/** As e2e-k8s.sh does in the CI image: frees the memory that a build has filled before a cluster starts. */
async function dropPageCache({ run }: Tools, signal: AbortSignal): Promise<void> {
  if (!run.env['KUBETEST_IN_DOCKER']) return;
  try {
    await run.exec(['sync'], { signal });
    await writeFile('/proc/sys/vm/drop_caches', '1\n');
  } catch {
    signal.throwIfAborted();
  }
}
