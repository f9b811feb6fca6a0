import { UsageError } from '../../api/errors.ts';
import { perfCompare } from '../../perf/compare.ts';
import type { CommandWorld } from './index.ts';

/** `perf compare RUN RUN`. A signal ends the program at once: nothing is left to undo. */
export async function perf(words: readonly string[], { env, cwd, stdout, stderr }: CommandWorld): Promise<number> {
  const [verb, ...rest] = words[0] === '--help' || words[0] === '-h' ? ['compare', '--help'] : words;
  if (verb !== 'compare') throw new UsageError('perf knows one command: perf compare RUN RUN');
  return await perfCompare(rest, {
    env,
    cwd,
    stdout: (text) => stdout.write(text),
    stderr: (text) => stderr.write(text),
    signal: new AbortController().signal,
  });
}
