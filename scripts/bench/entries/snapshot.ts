// The entry of the executable as a startup snapshot has it: everything is loaded when that is made, and run later.
import { startupSnapshot } from 'node:v8';
import { registry } from '../../../bin/registry.ts';
import { main } from '../../../src/cli/main.ts';

startupSnapshot.setDeserializeMainFunction(() => {
  void main(registry).then((code) => {
    process.exitCode = code;
  });
});
