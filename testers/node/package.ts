import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { RunError } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import { hostPlatform } from '../../src/system/platform.ts';
import type { NodeValues } from './binary-source.ts';
import { type Found, NAMES } from './test-binary.ts';

const MEMBERS = {
  [NAMES.e2eNodeTest]: 'kubernetes/test/bin/e2e_node.test',
  [NAMES.ginkgo]: 'kubernetes/test/bin/ginkgo',
  [NAMES.kubelet]: 'kubernetes/node/bin/kubelet',
} as const;

/**
 * Downloads and verifies the test package and the node package of one release, and puts their binaries into the run
 * directory. Throws RunError when one cannot be downloaded or verified.
 */
export async function acquirePackage(values: NodeValues, run: Run, signal: AbortSignal): Promise<Found> {
  const { openAcquirer } = await import('../../src/download/open-downloader.ts');
  const acquirer = openAcquirer(run.acquire, run);
  const failed = new AbortController();
  const host = hostPlatform();
  const options = { signal: AbortSignal.any([signal, failed.signal]), expectBinaryFor: host };
  try {
    const base = [values.testPackageUrl, values.testPackageDir].map((part) => part.replace(/\/+$/, '')).join('/');
    const { version, root } =
      values.testPackageVersion === ''
        ? await acquirer.resolve(`${base}/${values.testPackageMarker}`, { signal })
        : await acquirer.resolve(values.testPackageVersion, { signal, base });
    const fetching = [
      acquirer.members(
        `${root}/kubernetes-test-${host.os}-${host.arch}.tar.gz`,
        [MEMBERS[NAMES.e2eNodeTest], MEMBERS[NAMES.ginkgo]],
        options,
      ),
      acquirer.members(`${root}/kubernetes-node-${host.os}-${host.arch}.tar.gz`, [MEMBERS[NAMES.kubelet]], options),
    ];
    const packages = await Promise.all(fetching).catch(async (error: unknown) => {
      failed.abort(error);
      await Promise.allSettled(fetching);
      signal.throwIfAborted();
      throw error;
    });
    const cached = Object.assign({}, ...packages) as (typeof packages)[number];
    await mkdir(run.dir, { recursive: true });
    const place = async (name: keyof typeof MEMBERS) => {
      const member = cached[MEMBERS[name]];
      if (member === undefined) throw new RunError(`the packages of ${version} do not contain ${MEMBERS[name]}`);
      const path = join(run.dir, name);
      await acquirer.place(member, path);
      return path;
    };
    const binaries = {
      e2eNodeTest: await place(NAMES.e2eNodeTest),
      ginkgo: await place(NAMES.ginkgo),
      kubelet: await place(NAMES.kubelet),
    };
    return { binaries, version };
  } finally {
    await acquirer.close();
  }
}
