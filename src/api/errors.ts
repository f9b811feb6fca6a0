/** A wrong command line or setting: nothing was started. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A failure with a sentence that says what is wrong and, where there is one, the way out. */
export class RunError extends Error {
  override readonly name: string = 'RunError';
}

/** The operator, Prow or a closed terminal asked us to stop. Exit code 128 + the signal's number. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
  readonly signal: StopSignal;

  constructor(signal: StopSignal) {
    super(`interrupted by ${signal}`);
    this.signal = signal;
  }
}

/** The signals that ask this program to stop. */
export type StopSignal =
  | 'SIGINT'
  | 'SIGTERM'
  | 'SIGHUP'
  | 'SIGQUIT'
  | 'SIGUSR2'
  | 'SIGALRM'
  | 'SIGVTALRM'
  | 'SIGXCPU'
  | 'SIGPWR';

/** A timeout. Exit code 124. */
export class TimedOutError extends Error {
  override readonly name = 'TimedOutError';

  /** @param what what timed out, for instance `Up`; @param flag its flag, or empty; @param limit a Go duration, for instance `30m0s`. */
  constructor(what: string, flag: string, limit: string) {
    super(`${what} timed out after ${limit}${flag === '' ? '' : ` (${flag})`}`);
  }
}

/** What the run depends on, a leased project for instance, was lost. Exit code 3, whatever was running. */
export class LostError extends RunError {
  override readonly name = 'LostError';
}

/** This program itself failed: an uncaught exception, or nothing left that it could wait for. Exit code 3. */
export class CrashError extends RunError {
  override readonly name = 'CrashError';
}

/** A child process that could not be started, exited with another code than 0, or was killed. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  /** The words of the command, quoted for a shell, secrets masked. */
  readonly command: string;
  /** The exit code; undefined when it was killed by a signal or never started. */
  readonly exitCode: number | undefined;
  /** The signal that ended it, if one did. */
  readonly signal: string | undefined;
  /** The last part of what it printed, stdout and stderr as they came. */
  readonly output: string;

  constructor(
    message: string,
    fields: { command: string; exitCode?: number | undefined; signal?: string | undefined; output: string },
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.command = fields.command;
    this.exitCode = fields.exitCode;
    this.signal = fields.signal;
    this.output = fields.output;
  }
}

/** The tests ran and did not all pass, or none ran. Exit code 1. */
export class TestsFailedError extends RunError {
  override readonly name = 'TestsFailedError';
  /** What the tester has to say beyond the message: failed specs, totals. Goes to junit's system-out. */
  readonly output: string;
  /** The part of it that the tester has shown: what failed, on one screen. */
  readonly report: string | undefined;

  constructor(message: string, output = '', options?: ErrorOptions & { readonly report?: string }) {
    super(message, options);
    this.output = output;
    this.report = options?.report;
  }
}

/** The steps of a run, by the names their junit cases carry. */
export type StepName =
  | 'Init'
  | 'DownLeftover'
  | 'Build'
  | 'Prepare'
  | 'Up'
  | 'Kubeconfig'
  | 'PreTestCmd'
  | 'Test'
  | 'PostTestCmd'
  | 'AfterTest'
  | 'Down'
  | 'Finish'
  | 'Records';

/** A step of the run failed; its cause says why. */
export class StepError extends Error {
  override readonly name = 'StepError';
  readonly step: StepName;

  constructor(step: StepName, cause: unknown) {
    super(`${step} failed: ${messageOf(cause)}`, { cause });
    this.step = step;
  }
}

/** An error and everything that led to it, the outermost first; of several errors kept together, the first one's causes first. */
export function* causes(error: unknown): Generator<unknown> {
  yield error;
  if (error instanceof AggregateError) for (const each of error.errors) yield* causes(each);
  if (error instanceof Error && error.cause !== undefined) yield* causes(error.cause);
}

/** The first error of a class among an error's causes. */
export function causeOf<E extends Error>(error: unknown, kind: new (...args: never[]) => E): E | undefined {
  for (const cause of causes(error)) if (cause instanceof kind) return cause;
  return undefined;
}

/** The sentence of whatever was thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(messageOf).join('; also: ');
  return error instanceof Error ? error.message : String(error);
}
