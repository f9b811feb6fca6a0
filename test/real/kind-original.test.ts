import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { KindHost } from '../helpers/kind-host.ts';

/** A directory with the programs of kubetest2, such as one that `go build -o DIRECTORY . ./kubetest2-kind` fills. */
const original = process.env['KUBETEST2_ORIGINAL'] ?? '';
const exists = existsSync(join(original, 'kubetest2-kind'));
const fakes = fileURLToPath(new URL('../helpers/programs/kind-tools', import.meta.url));

/** The calls of kind and make by the original for the same arguments. */
function callsOfOriginal(args: readonly string[]): string[] {
  using host = new KindHost();
  prepare(host);
  const env = {
    PATH: [original, fakes, '/usr/bin', '/bin'].join(delimiter),
    HOME: host.dir,
    ARTIFACTS: host.artifacts,
    KUBETEST2_RUN_DIR: host.rundir,
    FAKE_STATE: host.state,
    FAKE_KUBECONFIG: host.kubeconfig(),
  };
  execFileSync(join(original, 'kubetest2'), ['kind', '--run-id=r1ab', ...args], {
    cwd: host.dir,
    env,
    stdio: 'pipe',
  });
  return host.calls();
}

async function callsOfOurs(args: readonly string[]): Promise<string[]> {
  using host = new KindHost();
  prepare(host);
  expect(await host.run(['--run-id=r1ab', '--wait=0', ...args])).toMatchObject({ code: 0 });
  return host.calls();
}

function prepare(host: KindHost): void {
  mkdirSync(join(host.dir, 'vendor/github.com/onsi/ginkgo/v2/ginkgo'), { recursive: true });
  writeFileSync(join(host.dir, 'c.yaml'), 'kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\n');
}

/** Without the differences that docs/compatibility.md lists. */
const withoutDifferences = (call: string): string =>
  call
    .replace(/ --retain$/, '')
    .replace(/ --kubeconfig rundir\/r1ab\/kubeconfig/, '')
    .replace(/^(kind delete .*) --kubeconfig \S+/, '$1')
    .replace('kindest/node:r1ab', 'kindest/node:latest')
    .replace('cmd/kubectl ', '');

const title = exists ? '' : ' (skipped: KUBETEST2_ORIGINAL is not a directory with kubetest2 and kubetest2-kind)';
describe.skipIf(!exists)(`beside the original${title}`, () => {
  const flags = ['--cluster-name=c', '--image-name=i', '--config=c.yaml', '--kubeconfig=k'];
  const buildFlags = ['--kube-root=.', '--build-type=source', '--base-image=b', '--image-name=i'];

  test.each([
    ...['', ...flags, flags.join(' ')].map((args) => `--up --down ${args}`.trim()),
    ...['', ...buildFlags, buildFlags.join(' ')].map((args) => `--build ${args}`.trim()),
    `--build --up --down ${[...flags, ...buildFlags].join(' ')}`,
    '--down --cluster-name=c',
    // As in jobs.
    '-v 5 ; --build ; --up ; --down ; --config c.yaml ; --cluster-name kms ;',
  ])('kind and make get the same calls for %s', async (args) => {
    const ours = await callsOfOurs(args.split(' '));
    expect(ours.map(withoutDifferences)).toEqual(callsOfOriginal(args.split(' ')).map(withoutDifferences));
  });

  test('--down of a run without a cluster deleted the cluster named kind there, and deletes none here', async () => {
    const called = callsOfOriginal(['--down']);
    expect(called.filter((call) => !call.startsWith('kind export'))).toEqual(['kind delete cluster --name']);
    expect(await callsOfOurs(['--down'])).toEqual([]);
  });
});
