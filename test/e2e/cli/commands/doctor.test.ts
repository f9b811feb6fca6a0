import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Sandbox } from '../../../helpers/sandbox.ts';

/** Stands in for the programs that doctor starts, so that those of this machine do not matter. */
function withTools(sandbox: Sandbox): void {
  for (const name of ['kubectl', 'docker', 'kind', 'make', 'go', 'git', 'gcloud', 'ssh'])
    sandbox.script(name, `echo ${name} 1.2.3`);
}

test('doctor lists what it finds, with versions, and exits 0', async () => {
  using sandbox = new Sandbox();
  withTools(sandbox);
  const { code, stdout } = await sandbox.run(['doctor']);
  expect(code, stdout).toBe(0);
  expect(stdout).toMatch(/^ok +kubetest2-ts v\S+, run by node \d+/m);
  expect(stdout).toMatch(/^ok +kubectl: kubectl 1\.2\.3 \(.*bin\/kubectl\)$/m);
  expect(stdout).toMatch(/^note +no kubeconfig \(.*\n +-> /m);
  expect(stdout).toMatch(/^ok +artifacts: .* is writable$/m);
});

test('doctor prints how to fix a stopped daemon and a directory that is not writable, and exits 1', async () => {
  using sandbox = new Sandbox();
  withTools(sandbox);
  sandbox.script('docker', 'echo "Cannot connect to the Docker daemon" >&2; exit 1');
  writeFileSync(join(sandbox.dir, 'in-the-way'), '');
  const { code, stdout } = await sandbox.run(['doctor'], { ARTIFACTS: join(sandbox.dir, 'in-the-way') });
  expect(code).toBe(1);
  expect(stdout).toMatch(/^PROBLEM docker .*Cannot connect to the Docker daemon\n +-> start the Docker daemon/m);
  expect(stdout).toMatch(/^PROBLEM artifacts: .* is not writable\n +-> .*--artifacts/m);
});

test('doctor reports plugins that hide others or are ignored', async () => {
  using sandbox = new Sandbox();
  withTools(sandbox);
  const second = join(sandbox.dir, 'second');
  mkdirSync(second);
  for (const directory of [sandbox.bin, second]) {
    for (const name of ['kubetest2-kops', 'kubetest2-tester-exec']) {
      writeFileSync(join(directory, name), '#!/bin/sh\n');
      chmodSync(join(directory, name), 0o755);
    }
  }
  const { stdout } = await sandbox.run(['doctor'], { PATH: `${sandbox.env['PATH']}:${second}` });
  expect(stdout).toContain(`deployer kops: ${sandbox.bin}/kubetest2-kops hides ${second}/kubetest2-kops`);
  expect(stdout).toContain(
    `tester exec on PATH (${sandbox.bin}/kubetest2-tester-exec) is ignored: the built-in one takes precedence`,
  );
});
