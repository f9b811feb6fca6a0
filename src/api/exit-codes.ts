import { constants } from 'node:os';
import {
  CommandError,
  CrashError,
  causeOf,
  InterruptedError,
  LostError,
  StepError,
  TimedOutError,
  UsageError,
} from './errors.ts';

/** What each exit code means; the reference page is made of this table. */
export const exitCodes = {
  passed: { code: 0, meaning: 'all that was asked passed' },
  testsFailed: { code: 1, meaning: 'the tests failed, or no test ran' },
  usage: { code: 2, meaning: 'the command line or a setting is wrong; nothing was started' },
  runFailed: {
    code: 3,
    meaning:
      'init, Build, the preparation of the tester, Up or a hook failed, a leased project was lost, or a record could not be written',
  },
  teardownFailed: { code: 4, meaning: 'everything passed but the teardown' },
  timedOut: { code: 124, meaning: 'a time limit ran out' },
  interrupted: { code: 128, meaning: '128 + n: stopped by signal n (130 SIGINT, 143 SIGTERM, 129 SIGHUP)' },
} as const;

/** The exit code of a failed run. Of several errors the first one decides, since the others followed from it. */
export function exitCodeOf(error: unknown): number {
  const first: unknown = error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error;
  const step = causeOf(first, StepError)?.step;
  const interrupted = causeOf(first, InterruptedError);
  if (interrupted) return exitCodes.interrupted.code + constants.signals[interrupted.signal];
  if (step === 'Down' || step === 'Finish') return exitCodes.teardownFailed.code;
  if (causeOf(first, TimedOutError)) return exitCodes.timedOut.code;
  if (causeOf(first, LostError) ?? causeOf(first, CrashError)) return exitCodes.runFailed.code;
  if (step === 'Test') return exitCodes.testsFailed.code;
  if (step !== undefined && step !== 'Init') return exitCodes.runFailed.code;
  if (causeOf(first, UsageError)) return exitCodes.usage.code;
  return exitCodes.runFailed.code;
}

/** The exit code a shell gives a command that ended as this error says; undefined when no command is the cause. */
export function commandExitCode(error: unknown): number | undefined {
  const command = causeOf(error, CommandError);
  if (command?.exitCode !== undefined) return command.exitCode;
  const signal = command?.signal as keyof typeof constants.signals | undefined;
  return signal === undefined ? undefined : 128 + (constants.signals[signal] ?? 0);
}
