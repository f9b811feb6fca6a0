import { CommandError, causeOf, messageOf, TimedOutError, UsageError } from '../api/errors.ts';
import type { Run } from '../api/run.ts';
import type { TestContext, Tester } from '../api/tester.ts';
import { withDeadline } from '../system/wait.ts';

/** Timeout of `--help`. Milliseconds. */
const PROBE_TIMEOUT = 30_000;

/** A tester that is a program on PATH, by kubetest2's contract with such programs (pkg/app/cmd.go, app.go). */
export class PluginTester implements Tester {
  readonly #path: string;
  readonly #args: readonly string[];
  readonly #run: Run;

  constructor(path: string, args: readonly string[], run: Run) {
    this.#path = path;
    this.#args = args;
    this.#run = run;
  }

  /**
   * Runs the program with `--help` and the arguments of the run, so that invalid ones are reported before the build.
   * A program that fails with `--help` alone does not know it, and says nothing about its arguments.
   * Throws UsageError with the program's output when it rejects them or times out.
   */
  async probe(signal: AbortSignal): Promise<void> {
    try {
      await this.#help(this.#args, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (causeOf(error, CommandError)?.exitCode !== undefined && !(await this.#knowsHelp(signal))) {
        this.#run.log.warn(`Cannot check the arguments of tester ${this.#path}: it does not know --help`);
        return;
      }
      const reason = causeOf(error, CommandError)?.output.trim() || messageOf(error);
      throw new UsageError(`tester ${this.#path} rejected its arguments: ${reason}`, { cause: error });
    }
  }

  async #knowsHelp(signal: AbortSignal): Promise<boolean> {
    if (this.#args.length === 0) return false;
    try {
      await this.#help([], signal);
      return true;
    } catch {
      signal.throwIfAborted();
      return false;
    }
  }

  async #help(args: readonly string[], signal: AbortSignal): Promise<void> {
    using deadline = withDeadline(signal, PROBE_TIMEOUT, () => new TimedOutError(`${this.#path} --help`, '', '30s'));
    const options = { signal: deadline.signal, output: 'capture', grace: 1000 } as const;
    await this.#run.exec([this.#path, '--help', ...args], options);
  }

  async test(context: TestContext, signal: AbortSignal): Promise<undefined> {
    await this.#run.exec([this.#path, ...this.#args], { signal, env: context.env });
  }

  plan(): readonly (readonly string[])[] {
    return [[this.#path, ...this.#args]];
  }
}
