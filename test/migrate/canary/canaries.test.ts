import { describe, expect, test } from 'vitest';
import { promote } from '../../../src/migrate/canary/promote.ts';
import { applyEdits } from '../../../src/migrate/edit/text-edits.ts';
import { addCanariesTo, readJobs } from '../../helpers/legacy-jobs.ts';

const job = (head: string, rest = '') => `- ${head}
  cluster: c
  decorate: true
  labels:
    preset-k8s-ssh: "true"
${rest}  spec:
    containers:
    - image: i:v1-master
      command:
      - runner.sh
      - /workspace/scenarios/kubernetes_e2e.py
      args:
      - --deployment=node
      - --node-tests=true
      - --gcp-zone=z
`;
const periodics = (...jobs: readonly string[]) => `periodics:\n${jobs.join('')}`;
const presubmits = (...jobs: readonly string[]) =>
  `presubmits:\n  kubernetes/kubernetes:\n${jobs.join('').replaceAll(/^(?=.)/gm, '  ')}`;

/** The text that was added behind the first job. */
function shadowOf(before: string): string {
  const { text } = addCanariesTo(before);
  const at = text.indexOf('-canary');
  expect(at).toBeGreaterThan(0);
  const added = text.slice(
    text.lastIndexOf('\n- ', at) === -1 ? text.lastIndexOf('- ', at) : text.lastIndexOf('- ', at),
  );
  return added;
}

describe('the canary of a periodic', () => {
  const before = periodics(
    job(
      'interval: 1h # often',
      `  name: ci-a
  tags:
  - "perfDashPrefix: a"
  - other
  annotations:
    testgrid-dashboards: sig-node-release-blocking, sig-node-kubelet
    testgrid-tab-name: a
    testgrid-alert-email: x@y.z
    testgrid-num-failures-to-alert: '3'
    fork-per-release: "true"
    description: Tests it.
  reporter_config:
    slack:
      channel: c
`,
    ),
  );

  test('stands behind its job, which stays byte for byte', () => {
    const { text, reports } = addCanariesTo(before);
    expect(text.startsWith(before.trimEnd())).toBe(true);
    expect(reports.map(({ name, verdict, canaryOf }) => ({ name, verdict, canaryOf }))).toEqual([
      { name: 'ci-a', verdict: 'untouched', canaryOf: '' },
      { name: 'ci-a-canary', verdict: 'added', canaryOf: 'ci-a' },
    ]);
  });

  test('runs at most every six hours, on no blocking dashboard, and alerts nobody', () => {
    const shadow = addCanariesTo(before).text.slice(before.length);
    expect(shadow).toMatch(/^- interval: 6h # often\n/);
    expect(shadow).toContain('  name: ci-a-canary\n');
    expect(shadow).toContain('    testgrid-dashboards: sig-node-kubelet\n    testgrid-tab-name: a-canary\n');
    expect(shadow).toContain('description: Shadow of ci-a. Tests it.');
    expect(shadow).toContain('  tags:\n  - other\n');
    expect(shadow).not.toMatch(/alert|fork-per-release|reporter_config|slack|perfDash/);
    expect(shadow).toContain('- kubetest2-ts\n');
  });

  test.each([
    ['interval: 24h', 'interval: 24h'],
    ['minimum_interval: 2h', 'interval: 6h'],
    ["cron: '0 1 * * *'", 'interval: 24h'],
    ['cron: "0 */2 * * *"', 'interval: 6h'],
    ['cron: 5 1 * * 1', 'interval: 168h'],
    ['cron: "@daily"', 'interval: 24h'],
  ])('%s becomes %s, on its own line', (schedule, interval) => {
    const text = periodics(job(schedule, '  name: ci-a\n'));
    const shadow = addCanariesTo(text).text.slice(text.length);
    expect(shadow.startsWith(`- ${interval}\n`)).toBe(true);
    expect(shadow).not.toMatch(/cron|minimum_interval/);
  });

  test('gets a dashboard when its job has none', () => {
    expect(shadowOf(periodics(job('name: ci-a', '  interval: 6h\n')))).toContain(
      '  annotations:\n    testgrid-dashboards: sig-testing-canaries\n',
    );
  });
});

test('the canary of a presubmit runs on request and is optional', () => {
  const text = presubmits(
    job(
      'name: pull-a',
      "  run_if_changed: '^x'\n  context: c\n  trigger: t\n  rerun_command: r\n  max_concurrency: 12\n",
    ),
  );
  const shadow = addCanariesTo(text).text.slice(text.length);
  expect(shadow).toContain('always_run: false\n');
  expect(shadow).toContain('optional: true\n');
  expect(shadow).toContain('max_concurrency: 5\n');
  expect(shadow).not.toMatch(/run_if_changed|context:|trigger|rerun_command/);
});

test('the canary of a postsubmit is not optional, a key it does not have', () => {
  const text = presubmits(job('name: post-a')).replace('presubmits', 'postsubmits');
  const shadow = addCanariesTo(text).text.slice(text.length);
  expect(shadow).toContain('always_run: false\n');
  expect(shadow).not.toContain('optional');
});

describe('no canary', () => {
  test('is added twice', () => {
    const once = addCanariesTo(periodics(job('name: ci-a', '  interval: 1h\n'))).text;
    expect(addCanariesTo(once).text).toBe(once);
  });

  test('takes a name that exists', () => {
    const text = periodics(job('name: ci-a', '  interval: 1h\n'), '- name: ci-a-canary\n  interval: 1h\n');
    const migrated = addCanariesTo(text);
    expect(migrated.text).toBe(text);
    expect(migrated.reports[0]).toMatchObject({ verdict: 'refused', reason: 'the name ci-a-canary is taken' });
  });

  test('takes a tab that TestGrid would not tell apart', () => {
    const board = (tab: string) =>
      `  interval: 1h\n  annotations:\n    testgrid-dashboards: d\n    testgrid-tab-name: ${tab}\n`;
    const text = periodics(job('name: ci-a', board('A b')), `- name: ci-b\n${board('a-BCanary')}`);
    expect(addCanariesTo(text).reports[0]?.reason).toContain('exists on the dashboard d');
  });

  test.each(['name: ci-a-1-36', 'name: ci-a-beta'])('is made for a job of a release: %s', (head) => {
    const text = periodics(job(head, '  interval: 1h\n'));
    expect(addCanariesTo(text)).toMatchObject({ text, reports: [{ verdict: 'untouched' }] });
  });

  test('is made for the branches of a release, and one for a family', () => {
    const branch = (name: string) => job('name: pull-a', `  branches:\n  - ${name}\n`);
    const { reports } = addCanariesTo(presubmits(branch('release-1.36'), branch('master')));
    expect(reports.map(({ verdict }) => verdict)).toEqual(['untouched', 'untouched', 'added']);
  });

  test('repeats an anchor', () => {
    const text = periodics(job('name: ci-a', '  interval: 1h\n')).replace(
      'image: i:v1-master',
      'image: &image i:v1-master',
    );
    expect(addCanariesTo(text).text.match(/&image/g)).toHaveLength(1);
  });
});

describe('promote', () => {
  const pair = (original: string, canary: string) =>
    `presubmits:\n  o/r:\n  - name: a\n${original}    annotations:\n      testgrid-dashboards: x-blocking, board\n  - name: a-canary\n    always_run: false\n    optional: true\n${canary}    annotations:\n      testgrid-dashboards: board\n`;
  const promoted = (text: string, to: 'non-optional' | 'blocking', only = /^a$/) => {
    const { edits, reports } = promote(readJobs(text), { only, to, suffix: '-canary' });
    return { text: applyEdits(text, edits), reports };
  };

  test('to non-optional lets the canary run as its job does, and block nothing', () => {
    const { text } = promoted(pair('    always_run: true\n', ''), 'non-optional');
    expect(text).toContain('- name: a-canary\n    always_run: true\n    optional: true\n');
    const changed = promoted(pair("    run_if_changed: '^x'\n", ''), 'non-optional', /canary$/).text;
    expect(changed).toContain('- name: a-canary\n    run_if_changed: ^x\n    optional: true\n');
    expect(changed).not.toContain('always_run');
  });

  test('to blocking changes their sides', () => {
    const { text, reports } = promoted(pair('    always_run: true\n', ''), 'blocking');
    expect(text).toBe(`presubmits:
  o/r:
  - name: a
    optional: true
    always_run: false
    annotations:
      testgrid-dashboards: board
  - name: a-canary
    always_run: true
    annotations:
      testgrid-dashboards: x-blocking, board
`);
    expect(reports[0]?.todo.join()).toContain('branch protection');
  });

  test('to blocking is refused where test-infra’s policy refuses it', () => {
    const text = pair("    run_if_changed: '^x'\n", '').replace('o/r', 'kubernetes/kubernetes');
    const { reports, text: after } = promoted(text, 'blocking');
    expect(after).toBe(text);
    expect(reports[0]).toMatchObject({ verdict: 'refused' });
    expect(reports[0]?.reason).toContain('run_if_changed');
  });

  test('of a periodic moves dashboards, alerts and rules for forks', () => {
    const before = `periodics:
- name: a
  interval: 1h
  annotations:
    testgrid-dashboards: sig-release-master-blocking, other
    testgrid-alert-email: x@y.z
    fork-per-release: "true"
- name: a-canary
  interval: 6h
  annotations:
    testgrid-dashboards: other
`;
    const informing = promoted(before, 'non-optional').text;
    expect(informing).toContain('- name: a-canary\n  interval: 1h\n');
    expect(informing).toContain('testgrid-dashboards: sig-release-master-informing, other\n');
    expect(promoted(informing, 'blocking').text).toBe(`periodics:
- name: a
  interval: 1h
  annotations:
    testgrid-dashboards: other
- name: a-canary
  interval: 1h
  annotations:
    testgrid-dashboards: sig-release-master-blocking, other
    testgrid-alert-email: x@y.z
    fork-per-release: 'true'
`);
  });
});
