import type { Deployer } from '../api/deployer.ts';
import type { StepName } from '../api/errors.ts';
import type { TestContext, Tester } from '../api/tester.ts';
import type { Signals } from '../runtime/signals.ts';
import { always } from '../system/cleanup.ts';
import { BackgroundServers } from './background-servers.ts';
import type { Plan } from './plan.ts';
import { Preparation } from './preparation.ts';
import type { RecordedRun } from './recorded-run.ts';
import { type StepOptions, Steps } from './steps.ts';
import { expandCommand, testContext } from './test-context.ts';

/**
 * Builds Kubernetes, creates a cluster, tests it, tears it down.
 *
 * The tester prepares itself beside Build and Up; when it cannot, they stop. A failed Build ends the run before there
 * is anything to tear down. From then on, and once anything was created or leased, logs are saved, Down runs once if it
 * was asked for, and the deployer's finish comes last: even if the run fails or is stopped.
 */
export async function runLifecycle(
  plan: Plan,
  deployer: Deployer,
  tester: Tester | undefined,
  run: RecordedRun,
  signals: Signals,
): Promise<void> {
  const steps = new Steps(plan, run, signals);
  using _timeout = steps.boundWork();
  using _crashes = steps.surviveCrashes();
  const preparation = new Preparation(tester, steps, signals.work);
  let built = false;

  await always(
    async () => {
      await always(
        async () => {
          if (!tester?.preparesAfterBuild) preparation.start();
          await quietly(steps, 'Init', deployer.init?.bind(deployer), { also: preparation.signal });
          using _lost = steps.endWorkWith(deployer.lost?.());
          if (plan.owed && plan.up)
            await steps.run('DownLeftover', (signal) => deployer.down(signal), { budget: 'cleanup' });
          if (plan.build) await steps.run('Build', (signal) => build(deployer, signal), { also: preparation.signal });
          built = true;
          preparation.start();
          if (plan.up) await steps.run('Up', (signal) => up(deployer, run, signal), { also: preparation.signal });
          await preparation.done();
          await testAndReact(plan, deployer, tester, run, steps);
        },
        async (error) => {
          await preparation.stop();
          if (!built && !run.state.armed) return;
          const downDue = steps.downDue(error === undefined);
          if (error !== undefined || downDue) await steps.saveLogs(deployer);
          if (downDue) await steps.run('Down', (signal) => deployer.down(signal), { budget: 'cleanup' });
        },
      );
    },
    async () => {
      await quietly(steps, 'Finish', deployer.finish?.bind(deployer), { budget: 'cleanup' });
      steps.throwIfStopped();
    },
  );
}

async function build(deployer: Deployer, signal: AbortSignal): Promise<void> {
  await deployer.build?.(signal);
}

async function up(deployer: Deployer, run: RecordedRun, signal: AbortSignal): Promise<void> {
  await deployer.up(signal);
  const kubeconfig = await deployer.kubeconfig?.();
  run.state.clusterIsUp(kubeconfig, deployer.outputs?.() ?? {});
}

/** Hook, tests, hook, and the deployer's reaction to the result. A failed first hook skips the tests, nothing skips the second. */
async function testAndReact(
  plan: Plan,
  deployer: Deployer,
  tester: Tester | undefined,
  run: RecordedRun,
  steps: Steps,
): Promise<void> {
  const hooks = plan.preTestCmd.length + plan.postTestCmd.length > 0;
  if (!tester && !hooks) return;
  const context = await steps.run('Kubeconfig', () => testContext(run, deployer), { junit: 'on-failure' });
  const servers = new BackgroundServers();
  const hook = (command: readonly string[]) => async (signal: AbortSignal) => {
    await run.exec(expandCommand(command, context.env, run.log), {
      signal,
      env: context.env,
      onLeftBehind: servers.add,
    });
  };
  await always(
    () =>
      always(
        async () => {
          try {
            if (plan.preTestCmd.length > 0) await steps.run('PreTestCmd', hook(plan.preTestCmd));
          } catch (error) {
            if (tester && !steps.stopped) run.steps.skip('Test', 'PreTestCmd failed');
            throw error;
          }
          if (tester) await test(plan, tester, context, run, steps);
        },
        async () => {
          if (plan.postTestCmd.length > 0 && !steps.stopped) await steps.run('PostTestCmd', hook(plan.postTestCmd));
        },
      ),
    async (error) => {
      // What a hook left running serves the tests, and stops with them.
      await servers.stop();
      if (tester && !steps.stopped) await quietly(steps, 'AfterTest', deployer.afterTest?.bind(deployer, error));
    },
  );
}

async function test(plan: Plan, tester: Tester, context: TestContext, run: RecordedRun, steps: Steps): Promise<void> {
  const action = async (signal: AbortSignal) => {
    // A tester that is a program of its own writes these itself, and fails when they exist.
    if (plan.ownTester) {
      const version = run.records.metadataOf('cluster-version') ?? '';
      await run.records.metadataUnlessSet({ 'tester-version': run.program.version, 'job-version': version });
    }
    const summary = await tester.test(context, signal);
    if (summary) run.steps.describe('Test', summary.text);
  };
  await steps.run('Test', action, { junit: plan.testCase ? 'always' : 'on-failure' });
}

/** A step that a deployer may leave out, with a junit case only when it fails. */
async function quietly(
  steps: Steps,
  name: StepName,
  action: ((signal: AbortSignal) => Promise<void>) | undefined,
  options: StepOptions = {},
): Promise<void> {
  if (action) await steps.run(name, action, { ...options, junit: 'on-failure' });
}
