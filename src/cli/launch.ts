import type { Deployer } from '../api/deployer.ts';
import type { Env } from '../api/env.ts';
import { causeOf, LostError, messageOf, RunError, StepError, UsageError } from '../api/errors.ts';
import { exitCodeOf } from '../api/exit-codes.ts';
import type { Log } from '../api/log.ts';
import type { Tester } from '../api/tester.ts';
import { acquireSettings } from '../download/flags.ts';
import { watchRequests } from '../http/open-requests.ts';
import { identify } from '../lifecycle/identity.ts';
import { runLifecycle } from '../lifecycle/lifecycle.ts';
import type { Plan } from '../lifecycle/plan.ts';
import { RecordedRun, StateChangedError } from '../lifecycle/recorded-run.ts';
import type { Remains } from '../process/orphans.ts';
import { checkColons } from '../records/paths.ts';
import { programVersion } from '../runtime/build-info.ts';
import { openSession, type Session } from '../runtime/session.ts';
import type { World } from '../runtime/world.ts';
import { combineErrors } from '../system/cleanup.ts';
import { monotonic } from '../system/clock.ts';
import type { ChosenTester } from './choose-tester.ts';
import { attempt, type DeployerLine } from './deployer-line.ts';
import { asksForAnything, isKept, nothingToDo, onlyTearsDown, planOf } from './run-plan.ts';

const TAKEN_OVER = 'another process took over this run while this one was suspended';

/** Executes one command line of a deployer and returns the exit code. */
export async function launch(asked: DeployerLine, world: World): Promise<number> {
  const { kind, line, chosen } = asked;
  const { launcher, klog } = line.values;
  // There is no run yet to record a request to stop, but there may be one by the time it arrives.
  const begun: { run?: RecordedRun } = {};
  using session = openSession(world, {
    logFormat: launcher.logFormat,
    verbosity: Math.max(klog.v, chosen?.verbosity ?? 0),
    onRequest: (name, request) => begun.run?.records.event('signal', { name, request }),
  });
  const { log } = session;
  try {
    return await launchParsed({ ...asked, world, session, begun });
  } catch (error) {
    if (!causeOf(error, UsageError)) throw error;
    log.error(messageOf(error));
    const ofTester = chosen === undefined ? '' : ` --test=${chosen.name}`;
    log.error(
      `usage: kubetest2-ts ${kind.name} [flags] -- [tester args]; run "kubetest2-ts ${kind.name}${ofTester} --help" for the flags`,
    );
    return exitCodeOf(error);
  }
}

interface Launch extends DeployerLine {
  readonly world: World;
  readonly session: Session;
  /** Where the run is put once it is made. */
  readonly begun: { run?: RecordedRun };
}

/** Attempts to read the state of a run, which another call may change until the lock is acquired. */
const LOOKS = 5;

async function launchParsed(launch: Launch): Promise<number> {
  for (let look = 1; ; look += 1) {
    try {
      return await launchOnce(launch);
    } catch (error) {
      if (!(error instanceof StateChangedError) || look === LOOKS) throw error;
    }
  }
}

/** Creates the run, its deployer and its tester. All usage errors are reported together, before anything is written. */
async function launchOnce(launch: Launch): Promise<number> {
  const { kind, line, chosen, world } = launch;
  const { log, signals } = launch.session;
  const { launcher } = line.values;
  const faults = [...launch.faults, ...(chosen?.faults ?? [])];
  const metadata = metadataEntries(launcher.metadata, faults);
  if (faults.length > 0) throw new UsageError(faults.join('\n'));
  const run = runOf(launch);
  // A call that only tears down must still reach the runs of earlier versions.
  if (launcher.build || launcher.up || launcher.test !== '')
    await attempt(faults, async () => checkColons(run.paths, run.id));
  const deployer = await attempt(faults, async () => kind.create({ flags: line.values.deployer, run }));
  const tester = await attempt(faults, async () => await chosen?.create(run, signals.work));
  if (launcher.build && deployer && !deployer.build)
    faults.push(`--build: the ${kind.name} deployer cannot build Kubernetes`);
  if (faults.length > 0 || !deployer) throw new UsageError(faults.join('\n'));

  const plan = planOf(line, chosen, run);
  if (!asksForAnything(plan, tester)) throw new UsageError(nothingToDo(line));
  if (launcher.dryRun) {
    const { describePlan } = await import('./dry-run.ts');
    world.stdout.write(
      await describePlan({ plan, kind, deployer, tester, testerName: launcher.test, run, mask: launch.session.mask }),
    );
    return 0;
  }
  const lenient = onlyTearsDown(plan, tester);
  await run.open(signals.giveUp, lenient);
  launch.begun.run = run;
  warnAboutStrays(line.positionals, chosen, launcher.test, line.afterDashes, log);
  return await runAndReport({ plan, deployer, tester, run, metadata, lenient, launch });
}

interface Work {
  readonly plan: Plan;
  readonly deployer: Deployer;
  readonly tester: Tester | undefined;
  readonly run: RecordedRun;
  readonly metadata: Readonly<Record<string, string>>;
  readonly lenient: boolean;
  readonly launch: Launch;
}

async function runAndReport(work: Work): Promise<number> {
  const { plan, run, lenient, launch } = work;
  const { world, session } = launch;
  session.activity.addSource(() => run.steps.running());
  using requests = watchRequests();
  session.activity.addSource(requests.lines);
  const began = monotonic();
  const seconds = () => (monotonic() - began) / 1000;
  let failure: unknown;
  try {
    await session.stopOrphans(remainsOf(run), launch.line.values.launcher.interruptGrace);
    run.state.remainsEnded();
    await runAll(work);
  } catch (error) {
    failure = error;
    await run.recordStop(error, seconds());
  }
  const ended = endRecords(run, failure, lenient);
  await run.close();
  const { summarise } = await import('./summary.ts');
  summarise({ run, plan, ...ended, seconds: seconds(), log: session.log, world });
  return ended.exitCode;
}

async function runAll({ plan, deployer, tester, run, metadata, launch }: Work): Promise<void> {
  const { world, session } = launch;
  await run.records.metadata({
    'kubetest-version': world.env['KUBETEST2_VERSION'] ?? `kubetest2-ts version ${run.program.version}`,
    'deployer-version': launch.kind.version ?? run.program.version,
    'run-id': run.id,
    ...metadata,
  });
  session.log.info(`Run ${run.id}: run directory ${run.dir}, artifacts ${run.artifacts}`);
  await runLifecycle(plan, deployer, tester, run, session.signals);
}

/** Writes the last records and returns the result: a record that could not be written fails a run that passed. */
function endRecords(run: RecordedRun, failure: unknown, lenient: boolean): { failure: unknown; exitCode: number } {
  run.retryRecords();
  const incomplete = () => (lenient ? [] : run.recordErrors);
  const first = withRecords(failure, incomplete());
  run.writeEnd(exitCodeOfRun(first), first);
  const last = withRecords(failure, incomplete());
  if (exitCodeOfRun(last) !== exitCodeOfRun(first)) run.writeEnd(exitCodeOfRun(last), last);
  return { failure: last, exitCode: exitCodeOfRun(last) };
}

const exitCodeOfRun = (failure: unknown): number => (failure === undefined ? 0 : exitCodeOf(failure));

function withRecords(failure: unknown, errors: readonly unknown[]): unknown {
  if (errors.length === 0) return failure;
  const cause = errors.length === 1 ? errors[0] : new AggregateError(errors, errors.map(messageOf).join('; also: '));
  const incomplete = new StepError('Records', new RunError(`records incomplete: ${messageOf(cause)}`, { cause }));
  return failure === undefined ? incomplete : combineErrors(failure, incomplete);
}

const remainsOf = (run: RecordedRun): Remains => {
  const { calls, children } = run.state.remains;
  return { calls, groups: children };
};

/** The run of a command line with the state of its earlier calls; nothing is written yet. */
function runOf({ kind, line, world, session }: Launch): RecordedRun {
  const { launcher, acquire } = line.values;
  const { cwd, env } = world;
  const { log, mask, signals } = session;
  const identity = identify({
    deployer: kind.name,
    runId: launcher.runId,
    begins: launcher.build || launcher.up,
    rundir: launcher.rundir,
    rundirInArtifacts: launcher.rundirInArtifacts,
    artifacts: launcher.artifacts,
    env,
    cwd,
    log,
  });
  return new RecordedRun(
    {
      ...identity,
      deployer: kind.name,
      cwd,
      env: { ...env },
      asked: {
        build: launcher.build,
        up: launcher.up,
        test: launcher.test,
        down: launcher.down,
        ...(isKept(line) && { keep: true }),
      },
      log,
      acquire: acquireSettings(acquire, world),
      program: { version: programVersion(), self: world.self },
      mask,
      now: () => new Date(),
      onLockLost: () => signals.abortWork(new LostError(TAKEN_OVER)),
    },
    (run) =>
      session.openExec({
        env: () => run.env,
        grace: launcher.interruptGrace,
        event: (event, fields) => run.records.event(event, fields),
        callId: run.callId,
        watch: run.childWatch,
      }),
  );
}

function metadataEntries(pairs: readonly string[], faults: string[]): Env & Record<string, string> {
  const entries: Record<string, string> = {};
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 1) faults.push(`invalid --metadata ${JSON.stringify(pair)}: expected KEY=VALUE`);
    else entries[pair.slice(0, at)] = pair.slice(at + 1);
  }
  return entries;
}

function warnAboutStrays(
  positionals: readonly string[],
  chosen: ChosenTester | undefined,
  test: string,
  afterDashes: readonly string[],
  log: Log,
): void {
  if (positionals.length > 0) log.warn(`Ignoring arguments that are not flags: ${positionals.join(' ')}`);
  if (chosen && chosen.strays.length > 0) {
    log.warn(`Ignoring arguments of the ${chosen.name} tester that are not flags: ${chosen.strays.join(' ')}`);
  }
  if (test === '' && afterDashes.length > 0) log.warn('Ignoring the tester arguments after --: --test is not set');
}
