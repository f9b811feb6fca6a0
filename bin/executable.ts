// The entry of the single executable: the runtime is inside, so there is none to be too old.
import { main } from '../src/main.ts';
import { registry } from './registry.ts';

main(registry).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = 3;
  },
);
