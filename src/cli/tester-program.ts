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
 * A tester as a program of its own (`kubetest2-tester-NAME`), started by an engine such as a Go deployer's. The run it
 * belongs to is told by $KUBETEST2_RUN_DIR, $KUBETEST2_RUN_ID, $ARTIFACTS and $KUBECONFIG.
 * `--help` with any arguments answers on stdout and does nothing, as the engine's probe needs it.
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
    if (chosen.strays.length > 0) log.warn(`These words are not flags and are ignored: ${chosen.strays.join(' ')}`);
    await testOnce(tester, run, env['KUBECONFIG'], signals.work);
    if (signals.interrupted) throw signals.interrupted;
    return 0;
  } catch (error) {
    log.error(mask(messageOf(error)));
    const counts = causeOf(error, UsageError) ?? causeOf(error, InterruptedError) ?? new StepError('Test', error);
    return exitCodeOf(counts);
  }
}

async function testOnce(tester: Tester, run: Run, kubeconfig: string | undefined, signal: AbortSignal): Promise<void> {
  await tester.prepare?.(signal);
  await run.records.metadata({ 'tester-version': run.program.version });
  const context = { env: run.env, kubeconfig: kubeconfig || undefined, provider: undefined };
  const summary = await tester.test(context, signal);
  if (summary) run.log.info(summary.text);
}

/** The run as a tester of its own can know it; the engine that started it keeps the records but for metadata.json. */
function bareRun({ env: given, cwd, self }: World, acquire: AcquireSettings, session: Session): Run {
  const { log, mask } = session;
  const artifacts = resolve(cwd, given['ARTIFACTS'] || '_artifacts');
  const env: Env = { ...given };
  const facts = new Map<string, string>();
  return {
    id: given['KUBETEST2_RUN_ID'] ?? '',
    dir: resolve(cwd, given['KUBETEST2_RUN_DIR'] || '.'),
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
