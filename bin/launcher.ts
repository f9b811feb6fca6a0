import { main } from '../src/cli/main.ts';
import { registry } from './registry.ts';

/** What our own output may take to drain at the end: milliseconds. */
const LAST_OUTPUT = 2000;

// Should the program ever end with something still awaited, that is no success.
process.exitCode = 3;
main(registry).then(
  (code) => {
    process.exitCode = code;
    // Something that was abandoned, a read that hangs for instance, must not keep a finished program alive.
    setTimeout(() => process.exit(code), LAST_OUTPUT).unref();
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = 3;
  },
);
