import { UsageError } from '../../src/api/errors.ts';
import { type Flags, flagName } from '../../src/api/flags.ts';

/** The names of the flags a Go program's usage text lists, by either flag package (`  -name` or `      --name`). */
export function flagsInHelp(help: string): ReadonlySet<string> {
  return new Set(
    Array.from(help.matchAll(/^\s+(?:-\w, )?--?([A-Za-z][\w.-]+)(?=[\s=[]|$)/gm), ([, name = '']) => name),
  );
}

/**
 * The words a runner understands, going by its own help: a word for a flag that it does not list is left out, so that
 * older and newer runners work. Throws UsageError when such a flag was typed, and when what answered is no runner.
 * @param help what `e2e_node.test remote --help` printed; with no flags in it every word is kept
 * @param typed the names the user typed
 */
export function acceptedWords(words: readonly string[], help: string, typed: ReadonlySet<string>): string[] {
  const known = flagsInHelp(help);
  if (known.size === 0) return [...words];
  if (!known.has('e2e-node-binary')) {
    throw new UsageError(
      'this e2e_node.test has no `remote` command: use a newer one, or --repo-root=KUBERNETES without --build-binaries',
    );
  }
  const unknown = words.map(nameOf).filter((name) => !known.has(name));
  const refused = unknown.filter((name) => typed.has(name));
  if (refused.length > 0) {
    throw new UsageError(
      `this e2e_node.test does not know ${refused.map((name) => `--${name}`).join(', ')}: leave it out or use a newer one`,
    );
  }
  return words.filter((word) => known.has(nameOf(word)));
}

/** The typed names of the flags whose value differs from the default. */
export function changedFlags(flags: Flags, values: Readonly<Record<string, unknown>>): ReadonlySet<string> {
  return new Set(
    Object.entries(flags).flatMap(([key, flag]) => (values[key] === flag.fallback ? [] : [flagName(key, flag)])),
  );
}

function nameOf(word: string): string {
  return word.slice(2, word.indexOf('='));
}
