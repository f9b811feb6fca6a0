import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cloud, RUN, releases } from '../helpers/gce-project.ts';

/** A folder with the programs of kubetest2, for instance made by `go build -o FOLDER . ./kubetest2-gce` in its checkout. */
const original = process.env['KUBETEST2_ORIGINAL'] ?? '';
const there = existsSync(join(original, 'kubetest2-gce'));
const title = there ? '' : ' (left out: KUBETEST2_ORIGINAL names no folder with kubetest2-gce)';

/** What the shell and the machine add, and what docs/compatibility.md tells of. */
const OTHER = ['_', 'PWD', 'OLDPWD', 'SHLVL', 'PATH', 'KUBECTL_PATH', 'KUBERNETES_DOWNLOAD_TESTS'];

let server: Awaited<ReturnType<typeof releases>>;
beforeAll(async () => {
  server = await releases();
  // The original takes the line end for a part of the version.
  server.answers['/release/stable-1.36.txt'] = 'v1.36.1';
});
afterAll(() => server.close());

/** What kube-up.sh and kube-down.sh were told, folders of the test left out, and all calls in order. */
async function seen(
  run: (cloud: Cloud, words: readonly string[]) => Promise<{ code: number | null; stderr: string }>,
  words: string,
) {
  using cloud = new Cloud();
  const all = ['--up', '--down', '--legacy-mode', '--gcp-project=p-1', `--run-id=${RUN}`, `--repo-root=${cloud.tree}`];
  const version = `--kubernetes-version=${server.url}/release/stable-1.36.txt`;
  const { code, stderr } = await run(cloud, [...all, version, ...words.split(' ').filter((word) => word !== '')]);
  expect(code, stderr).toBe(0);
  const told = (script: string) =>
    Object.fromEntries(
      Object.entries(cloud.envOf(script))
        .filter(([name]) => !OTHER.includes(name))
        .map(([name, value]) => [name, value.replaceAll(`${cloud.sandbox.dir}/`, '')]),
    );
  return { up: told('kube-up'), down: told('kube-down'), calls: cloud.calls() };
}

const ofOurs = (words: string) => seen((cloud, all) => cloud.run(...all, '--ready-timeout=0'), words);
const ofOriginal = (words: string) =>
  seen((cloud, all) => {
    cloud.sandbox.env['PATH'] = [original, cloud.sandbox.env['PATH']].join(delimiter);
    return cloud.sandbox.start([join(original, 'kubetest2'), 'gce', ...all]).ended;
  }, words);

/** Takes out of a call what docs/compatibility.md tells of: our own look at the nodes, no questions, the emptied bucket. */
const withoutDifferences = (call: string): string[] =>
  /^(kubectl get nodes|gcloud storage) /.test(call) ? [] : [call.replace(/ --quiet| --request-timeout=\w+/, '')];

describe.skipIf(!there)(`beside the gce deployer of kubetest2${title}`, () => {
  test.each([
    '',
    '--gcp-zone=europe-west1-b --num-nodes=1001 --node-size=n --master-size=m --node-scopes=s',
    '--enable-cache-mutation-detector --enable-pod-security-policy --create-custom-network --cloud-provider=external',
    '--runtime-config=api/all=true --feature-gates=A=true --node-service-account=a --ingress-gce-image=i --env=NODE_SIZE=late,X_Y=z',
  ])('the scripts are told what it tells them, and more: %s', async (words) => {
    const theirs = await ofOriginal(words);
    const ours = await ofOurs(words);
    expect(ours.up).toMatchObject(theirs.up);
    expect(ours.down).toMatchObject(theirs.down);
    expect(ours.calls.flatMap(withoutDifferences)).toEqual(theirs.calls.flatMap(withoutDifferences));
  });
});
