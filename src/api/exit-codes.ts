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

/** The exit codes; the reference page is generated from this table. */
export const exitCodes = {
  passed: { code: 0, meaning: 'everything passed' },
  testsFailed: { code: 1, meaning: 'the tests failed, or no test ran' },
  usage: { code: 2, meaning: 'the command line or a setting is wrong; nothing was started' },
  runFailed: {
    code: 3,
    meaning:
      'init, Build, the preparation of the tester, Up or a hook failed, a leased project was lost, or a record could not be written',
  },
  teardownFailed: { code: 4, meaning: 'only the teardown failed' },
  notYet: { code: 5, meaning: 'stability: the canary needs more runs' },
  timedOut: { code: 124, meaning: 'a timeout expired' },
  interrupted: { code: 128, meaning: '128 + n: stopped by signal n (130 SIGINT, 143 SIGTERM, 129 SIGHUP)' },
} as const;

/** The exit code of a failed run. The first of several errors decides, since it caused the others. */
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

/** The exit code a shell would report for the command that caused the error; undefined when no command did. */
export function commandExitCode(error: unknown): number | undefined {
  const command = causeOf(error, CommandError);
  if (command?.exitCode !== undefined) return command.exitCode;
  const signal = command?.signal as keyof typeof constants.signals | undefined;
  return signal === undefined ? undefined : 128 + (constants.signals[signal] ?? 0);
}
