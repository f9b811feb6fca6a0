import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Env } from '../api/env.ts';
import { causeOf, InterruptedError, messageOf, StepError, UsageError } from '../api/errors.ts';
import { exitCodeOf } from '../api/exit-codes.ts';
import type { AcquireSettings, Run } from '../api/run.ts';
import type { Tester, TesterKind } from '../api/tester.ts';
import { mergeMetadata } from '../records/metadata.ts';
import { programVersion } from '../runtime/build-info.ts';
import { openSession, type Session } from '../runtime/session.ts';
import type { World } from '../runtime/world.ts';
import { readStandalone } from './choose-tester.ts';

const GRACE_MS = 30_000;

/**
 * A tester as a program of its own (`kubetest2-tester-NAME`), started by an engine such as a Go deployer. It gets its run
 * from $KUBETEST2_RUN_DIR, $KUBETEST2_RUN_ID, $ARTIFACTS and $KUBECONFIG.
 * `--help` with any arguments prints help to stdout and does nothing else: engines check a tester this way.
 */
export async function testerProgram(kind: TesterKind, world: World): Promise<number> {
  const { args, env, stdout } = world;
  const probes = args[0] === '--help' || args[0] === '-h';
  const { chosen, acquire } = readStandalone(kind, args, world);
  if (probes ? chosen.faults.length === 0 : chosen.help) {
    const { testerHelp } = await import('./help/deployer-help.ts');
    stdout.write(testerHelp(kind, world.program, world));
    return 0;
  }
  using session = openSession(world, { verbosity: chosen.verbosity });
  const { signals, log, mask } = session;
  const run = bareRun(world, acquire, session);
  try {
    if (chosen.faults.length > 0) throw new UsageError(chosen.faults.join('\n'));
    const tester = await chosen.create(run, signals.work);
    if (chosen.strays.length > 0) log.warn(`Ignoring arguments that are not flags: ${chosen.strays.join(' ')}`);
    await run.records.metadata({ 'tester-version': kind.version ?? run.program.version });
    await testOnce(tester, run, env['KUBECONFIG'], signals.work);
    if (signals.interrupted) throw signals.interrupted;
    return 0;
  } catch (error) {
    log.error(mask(messageOf(error)));
    const cause = causeOf(error, UsageError) ?? causeOf(error, InterruptedError) ?? new StepError('Test', error);
    return exitCodeOf(cause);
  }
}

async function testOnce(tester: Tester, run: Run, kubeconfig: string | undefined, signal: AbortSignal): Promise<void> {
  await tester.prepare?.(signal);
  const context = { env: run.env, kubeconfig: kubeconfig || undefined, provider: undefined };
  const summary = await tester.test(context, signal);
  if (summary) run.log.info(summary.text);
}

/** The run as far as a tester program knows it. The engine that started it writes all records but metadata.json. */
function bareRun({ env: inherited, cwd, self }: World, acquire: AcquireSettings, session: Session): Run {
  const { log, mask } = session;
  const artifacts = resolve(cwd, inherited['ARTIFACTS'] || '_artifacts');
  const env: Env = { ...inherited };
  const facts = new Map<string, string>();
  return {
    id: inherited['KUBETEST2_RUN_ID'] ?? '',
    dir: resolve(cwd, inherited['KUBETEST2_RUN_DIR'] || '.'),
    artifacts,
    cwd,
    env,
    asked: { build: false, up: false, test: '', down: 'never' },
    log,
    exec: session.openExec({ env: () => env, grace: GRACE_MS }),
    acquire,
    program: { version: programVersion(), self },
    state: {
      holding: async () => {},
      released: async () => {},
      recall: (name) => facts.get(name),
      remember: async (entries) => {
        for (const [name, value] of Object.entries(entries)) {
          if (value === undefined) facts.delete(name);
          else facts.set(name, value);
        }
      },
    },
    records: {
      metadata: async (entries) => {
        await mkdir(artifacts, { recursive: true });
        mergeMetadata(join(artifacts, 'metadata.json'), entries, { log, mask });
      },
      junitCase: async () => {},
      event: () => {},
    },
  };
}
