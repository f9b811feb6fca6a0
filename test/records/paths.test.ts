import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/api/errors.ts';
import { checkColons, type PathSettings, runPaths } from '../../src/records/paths.ts';
import { anyText } from '../helpers/arbitrary-text.ts';

const settings: PathSettings = {
  runId: 'abc',
  rundir: '',
  rundirInArtifacts: false,
  artifacts: '',
  env: {},
  cwd: '/w',
};

describe('run paths', () => {
  test.each<[string, Partial<PathSettings>, string, string]>([
    ['nothing is given: below the working directory', {}, '/w/_artifacts', '/w/_rundir/abc'],
    ['$ARTIFACTS', { env: { ARTIFACTS: '/logs/artifacts' } }, '/logs/artifacts', '/w/_rundir/abc'],
    ['an empty $ARTIFACTS counts as unset', { env: { ARTIFACTS: '' } }, '/w/_artifacts', '/w/_rundir/abc'],
    ['a relative $ARTIFACTS is made absolute', { env: { ARTIFACTS: 'out/../a' } }, '/w/a', '/w/_rundir/abc'],
    ['--artifacts wins', { artifacts: 'x', env: { ARTIFACTS: '/y' } }, '/w/x', '/w/_rundir/abc'],
    ['$KUBETEST2_RUN_DIR', { env: { KUBETEST2_RUN_DIR: '/r' } }, '/w/_artifacts', '/r/abc'],
    ['an empty one counts as unset', { env: { KUBETEST2_RUN_DIR: '' } }, '/w/_artifacts', '/w/_rundir/abc'],
    ['--rundir wins', { rundir: 'mine', env: { KUBETEST2_RUN_DIR: '/r' } }, '/w/_artifacts', '/w/mine/abc'],
    ['in artifacts, by default', { rundirInArtifacts: true }, '/w/_artifacts', '/w/_artifacts/_rundir/abc'],
    ['in artifacts, relative', { rundirInArtifacts: true, rundir: 'a/b', artifacts: '/x' }, '/x', '/x/a/b/abc'],
    [
      'in artifacts, absolute: its last name',
      { rundirInArtifacts: true, env: { KUBETEST2_RUN_DIR: '/tmp/runs/' } },
      '/w/_artifacts',
      '/w/_artifacts/runs/abc',
    ],
    ['in artifacts, the root', { rundirInArtifacts: true, rundir: '/' }, '/w/_artifacts', '/w/_artifacts/_rundir/abc'],
  ])('%s', (_title, more, artifacts, runDir) => {
    const paths = runPaths({ ...settings, ...more });
    expect(paths).toEqual({
      artifacts,
      runDir,
      base: runDir.replace(/\/abc$/, ''),
      junit: `${artifacts}/junit_runner.xml`,
      metadata: `${artifacts}/metadata.json`,
      events: `${artifacts}/events.jsonl`,
      state: `${runDir}/state.json`,
      kubeconfig: `${runDir}/kubeconfig`,
      lock: `${runDir}/lock`,
    });
  });

  test.each([
    ['', 'is empty'],
    ['  ', 'is empty'],
    ['a/b', 'contains a slash'],
    ['a\\b', 'contains a slash'],
    ['..', 'contains ".."'],
    ['a..b', 'contains ".."'],
    ['a\nb', 'contains a control character'],
    ['a\0b', 'contains a control character'],
    ['-v', 'begins with "-"'],
    ['.git', 'begins with "."'],
    ['x'.repeat(201), 'is longer than 200 bytes'],
    ['é'.repeat(101), 'is longer than 200 bytes'],
    ['\ud800', 'is not valid Unicode'],
  ])('refuses the run id %j', (runId, fault) => {
    const refusal = () => runPaths({ ...settings, runId });
    expect(refusal).toThrow(UsageError);
    expect(refusal).toThrow(fault);
    expect(refusal).toThrow('--run-id');
    if (runId.length < 50) expect(refusal).toThrow(JSON.stringify(runId));
  });

  test.each(['7d3c4f5e-8b7a-4c1d-9a63-0f3a5e1b2c4d', 'x', '2026-11-23T10:00:00', 'pr 12', 'x'.repeat(200)])(
    'takes the run id %j',
    (runId) => {
      expect(runPaths({ ...settings, runId }).runDir).toBe(`/w/_rundir/${runId}`);
    },
  );

  test('no run id leads out of the base folder', () => {
    fc.assert(
      fc.property(anyText, (runId) => {
        try {
          expect(runPaths({ ...settings, runId }).runDir.split('/')).toHaveLength(4);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }),
    );
  });
});

test.each([
  [
    { runId: '2026-11-28T12:00:00' },
    /^invalid run ID "2026-11-28T12:00:00": it contains a colon, which separates .* --run-id/,
  ],
  [{ cwd: '/w/a:b' }, /^invalid run directory \/w\/a:b\/_rundir\/abc: it contains a colon, .* --rundir$/],
])('a run directory with a colon is refused: %j', (more, message) => {
  const all = { ...settings, ...more };
  const check = () => checkColons(runPaths(all), all.runId);
  expect(check).toThrow(UsageError);
  expect(check).toThrow(message);
});

test('a run directory without a colon is accepted', () => {
  expect(() => checkColons(runPaths(settings), settings.runId)).not.toThrow();
});
