import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cloud, RUN, releases } from '../helpers/gce-project.ts';

/** A directory with the programs of kubetest2, such as one that `go build -o DIRECTORY . ./kubetest2-gce` fills. */
const original = process.env['KUBETEST2_ORIGINAL'] ?? '';
const exists = existsSync(join(original, 'kubetest2-gce'));
const title = exists ? '' : ' (skipped: KUBETEST2_ORIGINAL is not a directory with kubetest2-gce)';

/** What the shell and the host add, and the differences that docs/compatibility.md lists. */
const OTHER = ['_', 'PWD', 'OLDPWD', 'SHLVL', 'PATH', 'KUBECTL_PATH', 'KUBERNETES_DOWNLOAD_TESTS'];

let server: Awaited<ReturnType<typeof releases>>;
beforeAll(async () => {
  server = await releases();
  // The original reads the line end as part of the version.
  server.answers['/release/stable-1.36.txt'] = 'v1.36.1';
});
afterAll(() => server.close());

/** The environments of kube-up.sh and kube-down.sh, without the test's directories, and all calls in order. */
async function recorded(
  run: (cloud: Cloud, args: readonly string[]) => Promise<{ code: number | null; stderr: string }>,
  args: string,
) {
  using cloud = new Cloud();
  const all = ['--up', '--down', '--legacy-mode', '--gcp-project=p-1', `--run-id=${RUN}`, `--repo-root=${cloud.tree}`];
  const version = `--kubernetes-version=${server.url}/release/stable-1.36.txt`;
  const { code, stderr } = await run(cloud, [...all, version, ...args.split(' ').filter((arg) => arg !== '')]);
  expect(code, stderr).toBe(0);
  const environment = (script: string) =>
    Object.fromEntries(
      Object.entries(cloud.envOf(script))
        .filter(([name]) => !OTHER.includes(name))
        .map(([name, value]) => [name, value.replaceAll(`${cloud.sandbox.dir}/`, '')]),
    );
  return { up: environment('kube-up'), down: environment('kube-down'), calls: cloud.calls() };
}

const ofOurs = (args: string) => recorded((cloud, all) => cloud.run(...all, '--ready-timeout=0'), args);
const ofOriginal = (args: string) =>
  recorded((cloud, all) => {
    cloud.sandbox.env['PATH'] = [original, cloud.sandbox.env['PATH']].join(delimiter);
    return cloud.sandbox.start([join(original, 'kubetest2'), 'gce', ...all]).ended;
  }, args);

/** A call without the differences that docs/compatibility.md lists: our query of the nodes, --quiet, the emptied bucket. */
const withoutDifferences = (call: string): string[] =>
  /^(kubectl get nodes|gcloud storage) /.test(call) ? [] : [call.replace(/ --quiet| --request-timeout=\w+/, '')];

describe.skipIf(!exists)(`beside the gce deployer of kubetest2${title}`, () => {
  test.each([
    '',
    '--gcp-zone=europe-west1-b --num-nodes=1001 --node-size=n --master-size=m --node-scopes=s',
    '--enable-cache-mutation-detector --enable-pod-security-policy --create-custom-network --cloud-provider=external',
    '--runtime-config=api/all=true --feature-gates=A=true --node-service-account=a --ingress-gce-image=i --env=NODE_SIZE=late,X_Y=z',
  ])('the scripts get the same variables, and more: %s', async (args) => {
    const theirs = await ofOriginal(args);
    const ours = await ofOurs(args);
    expect(ours.up).toMatchObject(theirs.up);
    expect(ours.down).toMatchObject(theirs.down);
    expect(ours.calls.flatMap(withoutDifferences)).toEqual(theirs.calls.flatMap(withoutDifferences));
  });
});
