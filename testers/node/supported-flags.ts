import { UsageError } from '../../src/api/errors.ts';
import { type Flags, flagName } from '../../src/api/flags.ts';
import { flagsInUsage } from '../../src/text/usage-flags.ts';

/**
 * The arguments that a runner supports according to its help: others are omitted, so that older and newer runners work.
 * Throws UsageError when an unsupported flag was specified, or the binary has no `remote` command.
 * @param help the output of `e2e_node.test remote --help`; without flags in it all arguments are kept
 * @param specified the names of the flags that were specified
 */
export function supportedArguments(args: readonly string[], help: string, specified: ReadonlySet<string>): string[] {
  const known = flagsInUsage(help);
  if (known.size === 0) return [...args];
  if (!known.has('e2e-node-binary')) {
    throw new UsageError(
      'e2e_node.test has no `remote` command: use a newer one, or --repo-root=KUBERNETES without --build-binaries',
    );
  }
  const unknown = args.map(nameOf).filter((name) => !known.has(name));
  const rejected = unknown.filter((name) => specified.has(name));
  if (rejected.length > 0) {
    throw new UsageError(
      `e2e_node.test does not support ${rejected.map((name) => `--${name}`).join(', ')}: remove the flag or use a newer binary`,
    );
  }
  return args.filter((arg) => known.has(nameOf(arg)));
}

/** The names of the flags whose value differs from the default. */
export function changedFlags(flags: Flags, values: Readonly<Record<string, unknown>>): ReadonlySet<string> {
  return new Set(
    Object.entries(flags).flatMap(([key, flag]) => (values[key] === flag.fallback ? [] : [flagName(key, flag)])),
  );
}

function nameOf(arg: string): string {
  return arg.slice(2, arg.indexOf('='));
}
