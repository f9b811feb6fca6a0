import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Stage } from '../helpers/stage.ts';

/** An e2e_node.test of v1.37 or newer; only its `remote` command is used. It takes some ten minutes to build, so its path is configured. */
const program = process.env['KUBETEST2_TEST_E2E_NODE'] ?? '';
const exists = existsSync(program);
const why = program === '' ? 'KUBETEST2_TEST_E2E_NODE is not set' : `there is no ${program}`;

/** A project whose instances are files in `instances`; creating one takes as long as `slow`. */
const GCLOUD = `#!/bin/bash
name=$4
case "$*" in
"compute instances create "*) touch "$STATE/instances/$name"; sleep "$SLOW" ;;
"compute instances delete "*)
  for name in "\${@:4}"; do case $name in --*) ;; *) rm "$STATE/instances/$name" || exit 1 ;; esac; done ;;
"compute instances describe "*)
  [ -e "$STATE/instances/$name" ] || exit 1
  echo '{"status": "RUNNING", "networkInterfaces": [{"accessConfigs": [{"natIP": "127.0.0.1"}]}]}' ;;
"compute instances list "*--format=json*)
  ls "$STATE/instances" | sed 's|.*|{"name": "&", "zone": "zones/z"}|' | paste -sd, | sed 's/.*/[&]/' ;;
"compute project-info describe "*) echo '{"defaultServiceAccount": "default"}' ;;
esac
`;
/** Instances whose container runtime runs, and on which nothing else works. */
const SSH = '#!/bin/sh\necho containerd.service\n';

/** Resources of others in the same project. */
const OTHERS = 'tmp-node-e2e-ffffffff-cos-beta';

function stage(slow: number): { readonly at: Stage; readonly instances: () => string[] } {
  const at = new Stage([], {}, { SLOW: String(slow) });
  at.env['STATE'] = at.dir;
  mkdirSync(join(at.dir, 'instances'));
  writeFileSync(join(at.dir, 'instances', OTHERS), '');
  const standIns = { gcloud: GCLOUD, ssh: SSH, scp: SSH, ginkgo: SSH, kubelet: SSH };
  for (const [name, text] of Object.entries(standIns)) writeFileSync(join(at.bin, name), text, { mode: 0o755 });
  symlinkSync(program, join(at.bin, 'e2e_node.test'));
  mkdirSync(join(at.home, '.ssh'));
  writeFileSync(join(at.home, '.ssh/google_compute_engine'), '', { mode: 0o600 });
  return { at, instances: () => readdirSync(join(at.dir, 'instances')) };
}

const WORDS = [
  ...['noop', '--test=node', '--', '--use-binaries-from-path', '--gcp-zone=z', '--gcp-project=p'],
  ...['--images=cos-beta', '--image-project=cos-cloud'],
];

describe.skipIf(!exists)(`the real e2e_node.test remote${exists ? '' : ` (skipped: ${why})`}`, () => {
  test('leaks an instance that gcloud was creating when it was interrupted, which is then deleted', async () => {
    const { at, instances } = stage(300);
    const running = at.start(...WORDS);
    await expect.poll(() => instances().length, { timeout: 60_000 }).toBe(2);
    running.child.kill('SIGINT');
    const { exitCode, stderr } = await running.ended;
    expect(exitCode, stderr).toBe(130);
    expect(stderr).toMatch(/Deleting what the runner left: instances tmp-node-e2e-[0-9a-f]{8}-cos-beta \(zone z\)/);
    expect(instances()).toEqual([OTHERS]);
  });

  test('deletes its instances itself when the tests fail', async () => {
    const { at, instances } = stage(0);
    const { exitCode, stderr } = await at.run(...WORDS, '--timeout=10m');
    expect(exitCode, stderr).toBe(1);
    expect(stderr).not.toContain('Deleting what the runner left');
    expect(instances()).toEqual([OTHERS]);
    expect(at.artifact('junit_runner.xml')).toContain('Failure: 1 errors encountered.');
  });
});
