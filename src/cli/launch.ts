import type { Deployer, DeployerKind } from '../api/deployer.ts';
import type { Env } from '../api/env.ts';
import { causeOf, LostError, messageOf, UsageError } from '../api/errors.ts';
import { exitCodeOf } from '../api/exit-codes.ts';
import type { Log } from '../api/log.ts';
import type { Registry } from '../api/registry.ts';
import type { Tester } from '../api/tester.ts';
import { acquireFlags, acquireSettings } from '../download/flags.ts';
import { identify } from '../lifecycle/identity.ts';
import { runLifecycle } from '../lifecycle/lifecycle.ts';
import type { Plan } from '../lifecycle/plan.ts';
import { RecordedRun } from '../lifecycle/recorded-run.ts';
import { programVersion } from '../runtime/build-info.ts';
import { openSession, type Session } from '../runtime/session.ts';
import type { World } from '../runtime/world.ts';
import { type ChosenTester, chooseTester } from './choose-tester.ts';
import { klogFlags, launcherFlags } from './flags/launcher-flags.ts';
import { type Parsed, parseFlags } from './flags/parse.ts';

const TAKEN_OVER = 'another process took over this run while this one was suspended';

/** One command line of a deployer, from its words to its exit code. `words` are those after the deployer's name. */
export async function launch(
  kind: DeployerKind,
  words: readonly string[],
  registry: Registry,
  world: World,
): Promise<number> {
  const owners = { launcher: launcherFlags, klog: klogFlags, acquire: acquireFlags, deployer: kind.flags };
  const line = parseFlags(owners, words, world.env);
  const { launcher, klog } = line.values;
  const faults = [...line.faults];
  const defaultsOf = (tester: string) => kind.testerDefaults?.(tester, world.env, line.values.deployer) ?? [];
  const chosen = await attempt(faults, () =>
    chooseTester(launcher.test, line.afterDashes, defaultsOf, registry, world),
  );
  if (words.length === 0 || launcher.help) {
    const { deployerHelp } = await import('./help/deployer-help.ts');
    world.stdout.write(deployerHelp(kind, chosen, world));
    return 0;
  }
  // There is no run yet to record a request to stop, but there may be one by the time it arrives.
  const begun: { run?: RecordedRun } = {};
  using session = openSession(world, {
    logFormat: launcher.logFormat,
    verbosity: Math.max(klog.v, chosen?.verbosity ?? 0),
    onRequest: (name, request) => begun.run?.records.event('signal', { name, request }),
  });
  const { log } = session;
  try {
    return await launchParsed({ kind, line, faults, chosen, world, session, begun });
  } catch (error) {
    if (!causeOf(error, UsageError)) throw error;
    log.error(messageOf(error));
    log.error(
      `usage: kubetest2-ts ${kind.name} [flags] -- [tester args]; kubetest2-ts ${kind.name} --help lists the flags`,
    );
    return exitCodeOf(error);
  }
}

interface Launch {
  readonly kind: DeployerKind;
  readonly line: Parsed<{
    readonly launcher: typeof launcherFlags;
    readonly klog: typeof klogFlags;
    readonly acquire: typeof acquireFlags;
    readonly deployer: DeployerKind['flags'];
  }>;
  /** What is wrong with the words so far. */
  readonly faults: readonly string[];
  readonly chosen: ChosenTester | undefined;
  readonly world: World;
  readonly session: Session;
  /** Where the run is put once it is made. */
  readonly begun: { run?: RecordedRun };
}

/** Makes the run, its deployer and its tester; every fault in the words is told at once, before anything is written. */
async function launchParsed(launch: Launch): Promise<number> {
  const { kind, line, chosen, world } = launch;
  const { log, signals } = launch.session;
  const { launcher } = line.values;
  const faults = [...launch.faults, ...(chosen?.faults ?? [])];
  const metadata = metadataEntries(launcher.metadata, faults);
  if (faults.length > 0) throw new UsageError(faults.join('\n'));
  const run = await openedBasis(launch);
  launch.begun.run = run;
  const deployer = await attempt(faults, async () => kind.create({ flags: line.values.deployer, run }));
  const tester = await attempt(faults, async () => await chosen?.create(run, signals.work));
  if (launcher.build && deployer && !deployer.build) faults.push(`the deployer ${kind.name} cannot --build`);
  if (faults.length > 0 || !deployer) throw new UsageError(faults.join('\n'));

  warnAboutStrays(line.positionals, chosen, launcher.test, line.afterDashes, log);
  const plan = planOf(launch, run);
  if (launcher.dryRun) {
    const { describePlan } = await import('./dry-run.ts');
    world.stdout.write(await describePlan({ plan, kind, deployer, tester, testerName: launcher.test, run }));
    return 0;
  }
  await run.open(signals.giveUp);
  return await runAndReport({ plan, deployer, tester, run, metadata, launch });
}

async function runAndReport(work: {
  readonly plan: Plan;
  readonly deployer: Deployer;
  readonly tester: Tester | undefined;
  readonly run: RecordedRun;
  readonly metadata: Readonly<Record<string, string>>;
  readonly launch: Launch;
}): Promise<number> {
  const { plan, deployer, tester, run, metadata, launch } = work;
  const { world } = launch;
  const { log, signals } = launch.session;
  const began = Date.now();
  let failure: unknown;
  try {
    await run.records.metadata({
      'kubetest-version': world.env['KUBETEST2_VERSION'] ?? `kubetest2-ts version ${run.program.version}`,
      'deployer-version': run.program.version,
      'run-id': run.id,
      ...metadata,
    });
    log.info(`Run ${run.id}: run dir ${run.dir}, records in ${run.artifacts}.`);
    if (!asksForAnything(plan, tester)) {
      log.warn('Nothing was asked for: give --build, --up, --test or --down.');
    }
    await runLifecycle(plan, deployer, tester, run, signals);
  } catch (error) {
    failure = error;
    await run.recordStop(error, (Date.now() - began) / 1000);
  }
  const exitCode = failure === undefined ? 0 : exitCodeOf(failure);
  await run.close(exitCode);
  const { summarise } = await import('./summary.ts');
  summarise({ run, plan, failure, exitCode, seconds: (Date.now() - began) / 1000, log, world });
  return exitCode;
}

async function openedBasis({ kind, line, world, session }: Launch): Promise<RecordedRun> {
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
        ...(saidNever(line) && { keep: true }),
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
      }),
  );
}

function planOf({ line, chosen }: Launch, run: RecordedRun): Plan {
  const { launcher } = line.values;
  const owed = run.state.owesTeardown && !saidNever(line);
  return {
    build: launcher.build,
    up: launcher.up,
    down: launcher.down,
    preTestCmd: launcher.preTestCmd,
    postTestCmd: launcher.postTestCmd,
    testCase: chosen !== undefined && !launcher.skipTestJunitReport,
    owed,
    ownTester: chosen?.kind !== undefined,
    limits: {
      timeout: launcher.timeout,
      build: launcher.buildTimeout,
      up: launcher.upTimeout,
      test: launcher.testTimeout,
      down: launcher.downTimeout,
      cleanup: launcher.cleanupTimeout,
    },
  };
}

/** True for a `--down=never` that was typed, not merely left out. */
function saidNever({ given, values }: Launch['line']): boolean {
  return given.has('down') && values.launcher.down === 'never';
}

/** The value of `action`, or its usage error among the faults. */
async function attempt<T>(faults: string[], action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    if (!causeOf(error, UsageError)) throw error;
    faults.push(messageOf(error));
    return undefined;
  }
}

function metadataEntries(pairs: readonly string[], faults: string[]): Env & Record<string, string> {
  const entries: Record<string, string> = {};
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 1) faults.push(`--metadata: ${JSON.stringify(pair)} is not key=value`);
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
  if (positionals.length > 0) log.warn(`These words are not flags and are ignored: ${positionals.join(' ')}`);
  if (chosen && chosen.strays.length > 0) {
    log.warn(`These words of the tester's are not flags and are ignored: ${chosen.strays.join(' ')}`);
  }
  if (test === '' && afterDashes.length > 0)
    log.warn('There are arguments for a tester, but no --test: they are ignored.');
}

function asksForAnything(plan: Plan, tester: Tester | undefined): boolean {
  const hooks = plan.preTestCmd.length + plan.postTestCmd.length > 0;
  return plan.build || plan.up || plan.down !== 'never' || hooks || plan.owed || tester !== undefined;
}
