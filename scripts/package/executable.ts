import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { inject } from 'postject';
import type { Bundle } from './bundle.ts';
import type { Platform, Runtime } from './runtime.ts';
import { signAdHoc } from './sign.ts';

/** As Node's documentation of single executables has it: the mark of the place that is told something was put in. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

export interface Order {
  readonly program: Pick<Bundle, 'main' | 'packages'>;
  readonly platform: Platform;
  /** What the executable is a copy of. */
  readonly runtime: Runtime;
  /** The runtime of the same version that can run here. */
  readonly here: Runtime;
  /** For what is made on the way. */
  readonly folder: string;
  readonly destination: string;
}

/** Puts a program into a copy of its runtime. */
export async function makeExecutable(order: Order): Promise<void> {
  if (order.platform.os === 'darwin') makeForMacOs(order);
  else await makeForLinux(order);
  chmodSync(order.destination, 0o755);
}

async function makeForLinux(order: Order): Promise<void> {
  const { runtime, folder, destination } = order;
  const output = join(folder, 'sea.blob');
  build(order, ['--experimental-sea-config'], { output });
  copyFileSync(runtime.node, destination);
  chmodSync(destination, 0o755);
  await inject(destination, 'NODE_SEA_BLOB', readFileSync(output), { sentinelFuse: FUSE });
}

/**
 * Node puts the program in by itself from version 25.5 on. What postject makes of these programs has a segment more than
 * their list of fixups says, which the loader of macOS refuses.
 */
function makeForMacOs(order: Order): void {
  build(order, ['--build-sea'], { output: order.destination, executable: order.runtime.node });
  writeFileSync(order.destination, signAdHoc(readFileSync(order.destination), 'kubetest2-ts'));
}

function build({ program, here, folder }: Order, words: readonly string[], settings: object): void {
  const config = join(folder, 'sea.json');
  // NODE_OPTIONS are meant for other programs of a job.
  const assets = Object.fromEntries(program.packages);
  const all = { disableExperimentalSEAWarning: true, execArgvExtension: 'none', assets, ...settings };
  // The path of the program is in the result: the same one for everybody.
  writeFileSync(config, JSON.stringify({ main: basename(program.main), ...all }));
  execFileSync(here.node, [...words, config], { cwd: dirname(program.main), stdio: ['ignore', 'ignore', 'pipe'] });
}
