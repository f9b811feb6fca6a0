import { resolve } from 'node:path';
import type { Env } from '../../src/api/env.ts';
import { CommandError, causeOf, TestsFailedError, UsageError } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import { defineTester, type TestContext, type Tester, type TestSummary } from '../../src/api/tester.ts';
import { expandEnv } from '../../src/system/expand-env.ts';
import { findProgram, isProgram } from '../../src/system/find-program.ts';
import { shellQuote } from '../../src/text/shell-quote.ts';

/** Turns the expansion of variables in the arguments off when it is `off`. */
const EXPANSION_SWITCH = 'KUBETEST2_EXEC_EXPAND';

const usage =
  '-- COMMAND [ARGUMENT ...]\n' +
  'Expands $NAME, with or without braces, in the arguments before it starts the command; \\$ is a literal dollar.\n' +
  `Does not expand $1, $@, $? and the like. ${EXPANSION_SWITCH}=off turns the expansion off.`;

/** Runs any command as the test; the test passes if the command exits with 0. */
class CommandTester implements Tester {
  readonly #args: readonly string[];
  readonly #run: Run;

  constructor(args: readonly string[], run: Run) {
    this.#args = args;
    this.#run = run;
  }

  async test(context: TestContext, signal: AbortSignal): Promise<TestSummary | undefined> {
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
    return [this.#args];
  }

  #expanded(env: Env): string[] {
    if (env[EXPANSION_SWITCH] === 'off') return [...this.#args];
    const unset = new Set<string>();
    const args = this.#args.map((arg) => expandEnv(arg, env, (name) => unset.add(name)));
    for (const name of unset) {
      this.#run.log.warn(
        `$${name} in the test command is not set and expands to nothing; ` +
          `write \\$${name} to pass it to the command, or set ${EXPANSION_SWITCH}=off`,
      );
    }
    return args;
  }
}

const isThere = (program: string, { env, cwd }: Run): boolean =>
  program.includes('/') ? isProgram(resolve(cwd, program)) : findProgram(program, env, cwd) !== undefined;

export const exec = defineTester({
  name: 'exec',
  summary: 'Run any command as the test',
  flags: {},
  examples: ['kubetest2-ts kind --up --down --test=exec -- kubectl get nodes'],
  takesArgs: true,
  usage,
  create: ({ args, run }) => {
    const [program] = args;
    if (program === undefined) {
      throw new UsageError('the exec tester needs a command: --test=exec -- COMMAND [ARGUMENT ...]');
    }
    if (program.startsWith('-')) {
      throw new UsageError(
        `invalid command ${program} for the exec tester: expected --test=exec -- COMMAND [ARGUMENT ...]`,
      );
    }
    if (args.length === 1 && /\s/.test(program) && !isThere(program, run)) {
      throw new UsageError(
        `invalid command for the exec tester: there is no program ${JSON.stringify(program)}; write its arguments one by one, or -- ${shellQuote(['sh', '-c', program])}`,
      );
    }
    return new CommandTester(args, run);
  },
});
