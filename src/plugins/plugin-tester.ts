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
   * Returns the help. Throws UsageError with the program's output when it rejects them or times out.
   */
  async probe(signal: AbortSignal): Promise<string> {
    using deadline = withDeadline(signal, PROBE_TIMEOUT, () => new TimedOutError(`${this.#path} --help`, '', '30s'));
    try {
      const options = { signal: deadline.signal, output: 'capture', grace: 1000 } as const;
      return (await this.#run.exec([this.#path, '--help', ...this.#args], options)).stdout;
    } catch (error) {
      signal.throwIfAborted();
      const reason = causeOf(error, CommandError)?.output.trim() || messageOf(error);
      throw new UsageError(`tester ${this.#path} rejected its arguments: ${reason}`, { cause: error });
    }
  }

  async test(context: TestContext, signal: AbortSignal): Promise<undefined> {
    await this.#run.exec([this.#path, ...this.#args], { signal, env: context.env });
  }

  plan(): readonly (readonly string[])[] {
    return [[this.#path, ...this.#args]];
  }
}
