import type { Env } from '../../src/api/env.ts';
import { CommandError, causeOf, TestsFailedError, UsageError } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import { defineTester, type TestContext, type Tester, type TestSummary } from '../../src/api/tester.ts';
import { expandEnv } from '../../src/system/expand-env.ts';

/** Turns the expansion of variables in the command's words off when it is `off`. */
const EXPANSION_SWITCH = 'KUBETEST2_EXEC_EXPAND';

const usage =
  '-- COMMAND [ARGUMENT ...]\n' +
  '$NAME, with or without braces, in the words are filled in before the command starts; \\$ is a plain dollar;\n' +
  `$1, $@, $? and the like are left to the command. ${EXPANSION_SWITCH}=off leaves everything as it is.`;

/** Runs any command as the tests: it passes when the command exits with 0. */
class CommandTester implements Tester {
  readonly #words: readonly string[];
  readonly #run: Run;

  constructor(words: readonly string[], run: Run) {
    this.#words = words;
    this.#run = run;
  }

  async test(context: TestContext, signal: AbortSignal): Promise<TestSummary | undefined> {
    if (asksForHelp(this.#words)) return { text: usage };
    try {
      await this.#run.exec(this.#expanded(context.env), { signal, env: context.env });
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      const failed = causeOf(error, CommandError);
      throw failed ? new TestsFailedError(failed.message, failed.output, { cause: error }) : error;
    }
  }

  plan(): readonly (readonly string[])[] {
    return asksForHelp(this.#words) ? [] : [this.#words];
  }

  #expanded(env: Env): string[] {
    if (env[EXPANSION_SWITCH] === 'off') return [...this.#words];
    const unset = new Set<string>();
    const words = this.#words.map((word) => expandEnv(word, env, (name) => unset.add(name)));
    for (const name of unset) {
      this.#run.log.warn(
        `$${name} in the test command is not set and became empty; write \\$${name} to leave it to the command, ` +
          `or set ${EXPANSION_SWITCH}=off.`,
      );
    }
    return words;
  }
}

/** kubetest2's exec tester shows its usage for these, and passes. */
const asksForHelp = (words: readonly string[]): boolean => words[0] === '-h' || words[0] === '--help';

export const exec = defineTester({
  name: 'exec',
  summary: 'Run any command as the test',
  flags: {},
  takesArgs: true,
  usage,
  create: ({ args: words, run }) => {
    const [program] = words;
    if (program === undefined) {
      throw new UsageError('the exec tester needs a command: --test=exec -- COMMAND [ARGUMENT ...]');
    }
    if (program.startsWith('-') && !asksForHelp(words)) {
      throw new UsageError(`the exec tester runs its words as a command, and ${program} is not one`);
    }
    return new CommandTester(words, run);
  },
});
