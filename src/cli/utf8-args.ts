import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { UsageError } from '../api/errors.ts';

/** What Node decodes bytes to that are not UTF-8; an argument may also contain it itself. */
const REPLACEMENT = '\uFFFD';

/**
 * Throws UsageError for an argument that is not UTF-8: Node has replaced its bytes, so it would name another file or run.
 * `commandLine` is the bytes of this process's command line, with a NUL after each argument; undefined where the system
 * does not show them, and then every argument with a replaced character is refused.
 */
export function checkUtf8(args: readonly string[], commandLine: () => Uint8Array | undefined = ownCommandLine): void {
  const at = args.findIndex((arg) => arg.includes(REPLACEMENT));
  if (at === -1) return;
  const bytes = commandLine();
  if (bytes !== undefined && isUtf8(bytes)) return;
  throw new UsageError(
    `invalid argument ${at + 1} ${JSON.stringify(args[at])}: it is not valid UTF-8; pass it in UTF-8`,
  );
}

function ownCommandLine(): Uint8Array | undefined {
  try {
    return readFileSync('/proc/self/cmdline');
  } catch {
    return undefined;
  }
}
