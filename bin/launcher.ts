import { main } from '../src/cli/main.ts';
import { registry } from './registry.ts';

// Should the program ever end with something still awaited, that is no success.
process.exitCode = 3;
main(registry).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = 3;
  },
);
