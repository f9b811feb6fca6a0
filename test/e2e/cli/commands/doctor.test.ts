import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Sandbox } from '../../../helpers/sandbox.ts';

/** Programs the doctor asks for, so that the machine's own do not matter. */
function withTools(sandbox: Sandbox): void {
  for (const name of ['kubectl', 'docker', 'kind', 'make', 'go', 'git', 'gcloud', 'ssh'])
    sandbox.script(name, `echo ${name} 1.2.3`);
}

test('doctor tells what is there, with versions, and exits 0', async () => {
  using sandbox = new Sandbox();
  withTools(sandbox);
  const { code, stdout } = await sandbox.run(['doctor']);
  expect(code, stdout).toBe(0);
  expect(stdout).toMatch(/^ok +kubetest2-ts v\S+, run by node \d+/m);
  expect(stdout).toMatch(/^ok +kubectl: kubectl 1\.2\.3 \(.*bin\/kubectl\)$/m);
  expect(stdout).toMatch(/^note +a kubeconfig is not there .*\n +-> /m);
  expect(stdout).toMatch(/^ok +the folder of records can be written/m);
});

test('doctor says what to do about a daemon that is down and a folder that cannot be written, and exits 1', async () => {
  using sandbox = new Sandbox();
  withTools(sandbox);
  sandbox.script('docker', 'echo "Cannot connect to the Docker daemon" >&2; exit 1');
  writeFileSync(join(sandbox.dir, 'in-the-way'), '');
  const { code, stdout } = await sandbox.run(['doctor'], { ARTIFACTS: join(sandbox.dir, 'in-the-way') });
  expect(code).toBe(1);
  expect(stdout).toMatch(/^PROBLEM docker .*Cannot connect to the Docker daemon\n +-> start the Docker daemon/m);
  expect(stdout).toMatch(/^PROBLEM the folder of records cannot be written.*\n +-> .*--artifacts/m);
});

test('doctor tells of plugins that hide others or are not used', async () => {
  using sandbox = new Sandbox();
  withTools(sandbox);
  const second = join(sandbox.dir, 'second');
  mkdirSync(second);
  for (const folder of [sandbox.bin, second]) {
    for (const name of ['kubetest2-kops', 'kubetest2-tester-exec']) {
      writeFileSync(join(folder, name), '#!/bin/sh\n');
      chmodSync(join(folder, name), 0o755);
    }
  }
  const { stdout } = await sandbox.run(['doctor'], { PATH: `${sandbox.env['PATH']}:${second}` });
  expect(stdout).toContain(`deployer kops: ${sandbox.bin}/kubetest2-kops hides ${second}/kubetest2-kops`);
  expect(stdout).toContain(`tester exec on PATH (${sandbox.bin}/kubetest2-tester-exec) is not used: it is built in`);
});
