/** A wrong command line or setting: nothing was started. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A failure with a message that names the cause and, where there is one, the way out. */
export class RunError extends Error {
  override readonly name: string = 'RunError';
}

/** A signal stopped the run: from the operator, Prow or a closed terminal. Exit code 128 + the signal's number. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
  readonly signal: StopSignal;

  constructor(signal: StopSignal) {
    super(`interrupted by ${signal}`);
    this.signal = signal;
  }
}

/** The signals that stop a run. */
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

/** A timeout expired. Exit code 124. */
export class TimedOutError extends Error {
  override readonly name = 'TimedOutError';

  /** @param what what timed out, for instance `Up`; @param flag its flag, or empty; @param limit a Go duration, for instance `30m0s`. */
  constructor(what: string, flag: string, limit: string) {
    super(`${what} timed out after ${limit}${flag === '' ? '' : ` (${flag})`}`);
  }
}

/** Something the run depends on was lost, a leased project for instance. Exit code 3 at every step. */
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
  /** The command, quoted for a shell, secrets masked. */
  readonly command: string;
  /** The exit code; undefined when a signal killed it or it did not start. */
  readonly exitCode: number | undefined;
  /** The signal that killed it, if one did. */
  readonly signal: string | undefined;
  /** The last part of its output, stdout and stderr interleaved as they came. */
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
  /** Details beyond the message: failed specs, totals. For junit's system-out. */
  readonly output: string;
  /** The failures on one screen, as the tester has printed them. */
  readonly report: string | undefined;
  /** The tester's flag with which another call runs only what failed. */
  readonly rerun: string | undefined;

  constructor(
    message: string,
    output = '',
    options?: ErrorOptions & { readonly report?: string; readonly rerun?: string | undefined },
  ) {
    super(message, options);
    this.output = output;
    this.report = options?.report;
    this.rerun = options?.rerun;
  }
}

/** The steps of a run, by the names of their junit cases. */
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

/** A step of the run failed, for the reason in `cause`. */
export class StepError extends Error {
  override readonly name = 'StepError';
  readonly step: StepName;

  constructor(step: StepName, cause: unknown) {
    super(`${step} failed: ${messageOf(cause)}`, { cause });
    this.step = step;
  }
}

/** An error and its causes, the outermost first; of an AggregateError, the causes of its first error first. */
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

/** The message of a thrown value, whether or not it is an Error. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(messageOf).join('; also: ');
  return error instanceof Error ? error.message : String(error);
}
