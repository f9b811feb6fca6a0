import { CommandError, causeOf, messageOf, TimedOutError, UsageError } from '../api/errors.ts';
import type { Run } from '../api/run.ts';
import type { TestContext, Tester } from '../api/tester.ts';
import { withDeadline } from '../system/wait.ts';

/** How long a tester may take to answer `--help`. */
const PROBE_MS = 30_000;

/** A tester that is a program of its own on PATH, by the contract kubetest2 has with such programs (pkg/app/cmd.go, app.go). */
export class ForeignTester implements Tester {
  readonly #path: string;
  readonly #args: readonly string[];
  readonly #run: Run;

  constructor(path: string, args: readonly string[], run: Run) {
    this.#path = path;
    this.#args = args;
    this.#run = run;
  }

  /**
   * Asks the program for its help with the arguments it will get, so that wrong ones are known before anything is built.
   * Returns the help. Throws UsageError with what the program printed when it refuses them or does not answer in time.
   */
  async probe(signal: AbortSignal): Promise<string> {
    using bounded = withDeadline(signal, PROBE_MS, () => new TimedOutError(`${this.#path} --help`, '', '30s'));
    try {
      const options = { signal: bounded.signal, output: 'capture', grace: 1000 } as const;
      return (await this.#run.exec([this.#path, '--help', ...this.#args], options)).stdout;
    } catch (error) {
      signal.throwIfAborted();
      const said = causeOf(error, CommandError)?.output.trim() || messageOf(error);
      throw new UsageError(`the tester ${this.#path} refused its arguments: ${said}`, { cause: error });
    }
  }

  async test(context: TestContext, signal: AbortSignal): Promise<undefined> {
    await this.#run.exec([this.#path, ...this.#args], { signal, env: context.env });
  }

  plan(): readonly (readonly string[])[] {
    return [[this.#path, ...this.#args]];
  }
}
