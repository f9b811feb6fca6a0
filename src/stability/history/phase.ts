/** Where a run failed. */
export type Phase = 'setup' | 'test' | 'teardown' | 'other';

/** A row of `junit_runner.xml`. */
export interface StepRow {
  readonly name: string;
  readonly failed: boolean;
}

/** The launchers whose steps are known, by the class or suite of their rows. */
export type Launcher = 'kubetest2' | 'e2e.go';

/** The phase of a failed run by the rows of its launcher, in their order; undefined when no step failed. */
export function phaseOfRows(launcher: Launcher, rows: readonly StepRow[]): Phase | undefined {
  return launcher === 'kubetest2' ? phaseOfKubetest2(rows) : phaseOfKubetest(rows);
}

/** The phase of a step of kubetest2 by its name alone; undefined for one that is not known. */
export function phaseOfStep(name: string): Phase | undefined {
  const step = plainStep(name);
  if (BEFORE.has(step)) return 'setup';
  if (step === 'Test' || step.startsWith('Test ') || TESTING.has(step)) return 'test';
  return AFTER.has(step) ? 'teardown' : undefined;
}

const BEFORE: ReadonlySet<string> = new Set(
  'Init DownLeftover Build Prepare Up Kubeconfig Readiness PreTestCmd'.split(' '),
);
const TESTING: ReadonlySet<string> = new Set(['PostTestCmd', 'AfterTest']);
const AFTER: ReadonlySet<string> = new Set(['Down', 'Finish', 'LeakCheck', 'Logs']);
/** Rows that say how a run ended, not what it did. */
const NO_STEP: ReadonlySet<string> = new Set(['Timeout', 'Interrupted']);

/** `Test (2)` and `Up (attempt 2)` are what they are numbers of. */
const plainStep = (name: string): string => name.replace(/ \((?:attempt )?\d+\)$/, '');

function phaseOfKubetest2(rows: readonly StepRow[]): Phase | undefined {
  let phase: Phase | undefined;
  for (const [at, { name, failed }] of rows.entries()) {
    if (!NO_STEP.has(plainStep(name))) phase = phaseOfStep(name) ?? phaseByPlace(rows, at);
    if (failed && phase !== undefined) return phase;
  }
  return undefined;
}

/** Of a step with a name of its own, and of a plan's `Run NAME`: by the steps around it. */
function phaseByPlace(rows: readonly StepRow[], at: number): Phase {
  const before = rows.slice(0, at).map(({ name }) => phaseOfStep(name));
  if (before.includes('teardown')) return 'teardown';
  return before.includes('test') ? 'test' : 'setup';
}

const SETUP = [
  ...['Prepare', 'GetDeployer', 'Build', 'Stage', 'Extract', 'TearDown Previous', 'Up', 'Check APIReachability'],
  ...['list nodes', 'test setup', 'IsUp', 'kubectl version', 'pre-test command', 'Kubemark TearDown Previous'],
  ...['Kubemark Up'],
];
const TEARDOWN = ['TearDown', 'Deferred TearDown', 'diffResources', 'Save Cluster State', 'Kubemark TearDown'];

/** What is not known of the older kubetest is the name of its `--test-cmd`. */
function phaseOfKubetest(rows: readonly StepRow[]): Phase | undefined {
  const failed = rows.find((row) => row.failed && row.name !== 'Timeout');
  if (failed === undefined) return undefined;
  const { name } = failed;
  if (SETUP.includes(name) || name.startsWith('listResources')) return 'setup';
  return TEARDOWN.includes(name) || name.startsWith('DumpClusterLogs') ? 'teardown' : 'test';
}
