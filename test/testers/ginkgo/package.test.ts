import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { arch, platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import type { Run } from '../../../src/api/run.ts';
import { parseFlags } from '../../../src/cli/flags/parse.ts';
import type { Acquirer, Cached } from '../../../src/download/downloader.ts';
import { flags } from '../../../testers/ginkgo/flags.ts';
import { acquirePackage } from '../../../testers/ginkgo/package.ts';

const os = platform();
const cpu = arch() === 'x64' ? 'amd64' : arch();
const TARBALL = `kubernetes-test-${os}-${cpu}.tar.gz`;

let dir: string;
let requests: string[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'package-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  requests = [];
});

const digestOf = (text: string) => createHash('sha256').update(text).digest('hex');

const cached = (url: string, name: string): Cached => ({
  path: `/cache/${name}`,
  sha256: digestOf(name),
  size: 1,
  url,
  verified: 'sha512',
  cacheHit: false,
});

/** A source that has every file. `place` writes the file's name. */
function source(more: Partial<Acquirer> = {}): Acquirer {
  return {
    resolve: async (name, { base } = { signal: new AbortController().signal }) => {
      requests.push(base === undefined ? name : `${name} in ${base}`);
      const root = base ?? name.replace(/\/[^/]*$/, '');
      return { version: 'v1.36.1', base: root, root: `${root}/v1.36.1` };
    },
    file: async (url) => {
      requests.push(url);
      return cached(url, 'kubectl');
    },
    members: async (url, names) => {
      requests.push(url);
      return Object.fromEntries(names.map((name) => [name, cached(url, name)]));
    },
    place: async (file, path) => writeFile(path, file.path.slice('/cache/'.length)),
    notes: () => ({ read: async () => undefined, write: async () => {} }),
    close: async () => void requests.push('closed'),
    ...more,
  };
}

async function acquire(args: readonly string[], acquirer = source(), build = false) {
  const run = {
    dir,
    asked: { build, up: true, test: 'ginkgo', down: 'never' },
    log: { info: () => {} },
  } as unknown as Run;
  const values = parseFlags({ ginkgo: flags }, args, {}).values.ginkgo;
  return await acquirePackage(values, run, async () => acquirer, new AbortController().signal);
}

test('gets the version from the marker, and the files from the directory of that version', async () => {
  const { packageVersion, programs } = await acquire([]);
  expect(packageVersion).toBe('v1.36.1');
  expect(requests).toEqual([
    'https://dl.k8s.io/release/latest.txt',
    `https://dl.k8s.io/release/v1.36.1/${TARBALL}`,
    `https://dl.k8s.io/release/v1.36.1/bin/${os}/${cpu}/kubectl`,
    'closed',
  ]);
  expect(programs['e2e.test']).toMatchObject({
    path: join(dir, 'e2e.test'),
    origin: `https://dl.k8s.io/release/v1.36.1/${TARBALL}`,
    sha256: digestOf('kubernetes/test/bin/e2e.test'),
  });
});

test.each([
  [
    ['--test-package-dir=ci/fast', '--test-package-marker=latest-fast.txt'],
    'https://dl.k8s.io/ci/fast/latest-fast.txt',
  ],
  [['--test-package-url=gs://b/', '--test-package-dir=/ci/'], 'gs://b/ci/latest.txt'],
  [['--test-package-version=v1.36.1'], 'v1.36.1 in https://dl.k8s.io/release'],
])('%j requests %s', async (args, request) => {
  await acquire(args);
  expect(requests[0]).toBe(request);
});

test('replaces binaries of an earlier call', async () => {
  await acquire([]);
  await acquire([]);
  expect((await readdir(dir)).toSorted()).toEqual(['e2e.test', 'ginkgo', 'kubectl', 'test-package.json']);
});

test('replaces links into the cache of an earlier call, also dangling ones', async () => {
  const place: Acquirer['place'] = async ({ sha256 }, path) => {
    await rm(path, { force: true });
    await symlink(join('/cache', sha256), path);
  };
  await acquire([], source({ place }));
  const { programs } = await acquire([], source({ place }));
  expect(programs['e2e.test'].path).toBe(join(dir, 'e2e.test'));
});

test('keeps a built binary, and places its own in a subdirectory', async () => {
  await acquire([]);
  await writeFile(join(dir, 'e2e.test'), 'built');
  const { programs } = await acquire([]);
  expect(await readFile(join(dir, 'e2e.test'), 'utf8')).toBe('built');
  expect(programs.kubectl.path).toBe(join(dir, 'test-package', 'kubectl'));
});

test('places its binaries in a subdirectory while Build runs', async () => {
  const { programs } = await acquire([], source(), true);
  expect(programs.ginkgo.path).toBe(join(dir, 'test-package', 'ginkgo'));
  expect(await readdir(dir)).toEqual(['test-package']);
});

test('when a download fails it stops the other, places nothing, and throws the first error', async () => {
  let stopped = false;
  const acquirer = source({
    file: async () => {
      throw new Error('no kubectl');
    },
    members: (_url, _names, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          stopped = true;
          reject(signal.reason);
        });
      }),
  });
  await expect(acquire([], acquirer)).rejects.toThrow('no kubectl');
  expect(stopped).toBe(true);
  expect(await readdir(dir)).toEqual([]);
  expect(requests.at(-1)).toBe('closed');
});
