import { expect, test } from 'vitest';
import { Sandbox } from '../../../helpers/sandbox.ts';

type Metadata = Readonly<Record<string, string>>;

function outcome(sandbox: Sandbox): Metadata {
  const metadata = JSON.parse(sandbox.read('artifacts/metadata.json')) as Metadata;
  const { 'exit-code': code = 'none', 'failed-step': step = 'none' } = metadata;
  return { code, step };
}

test('metadata.json has the exit code and, of a run that failed, the step', async () => {
  using sandbox = new Sandbox();
  const passed = await sandbox.run(['noop', '--run-id=a', '--test=exec', '--', 'true']);
  expect(passed.code).toBe(0);
  expect(outcome(sandbox)).toEqual({ code: '0', step: 'none' });
  const failed = await sandbox.run(['noop', '--run-id=b', '--test=exec', '--', 'false']);
  expect(failed.code).toBe(1);
  expect(outcome(sandbox)).toEqual({ code: '1', step: 'Test' });
});

test('the first failure of a run stays, whatever its later calls do', async () => {
  using sandbox = new Sandbox();
  await sandbox.run(['noop', '--run-id=a', '--test=exec', '--', 'false']);
  const down = await sandbox.run(['noop', '--run-id=a', '--down']);
  expect(down.code).toBe(0);
  expect(outcome(sandbox)).toEqual({ code: '1', step: 'Test' });
  const again = await sandbox.run(['noop', '--run-id=a', '--pre-test-cmd=false', '--test=exec', '--', 'true']);
  expect(again.code).toBe(3);
  expect(outcome(sandbox)).toEqual({ code: '1', step: 'Test' });
});

test('the failure of another run in the same artifacts goes', async () => {
  using sandbox = new Sandbox();
  await sandbox.run(['noop', '--run-id=a', '--test=exec', '--', 'false']);
  await sandbox.run(['noop', '--run-id=b', '--test=exec', '--', 'true']);
  expect(outcome(sandbox)).toEqual({ code: '0', step: 'none' });
  expect(sandbox.read('artifacts/metadata.json')).not.toContain('failure');
});
