import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { inject } from 'postject';
import type { Bundle } from './bundle.ts';
import type { Platform, Runtime } from './runtime.ts';
import { signAdHoc } from './sign.ts';

/** Strings are hashed with a random seed, which shows in compiled code: with this one it is the same each time. */
const SEED = ['--hash-seed=1', '--random-seed=1'];
/** Where compiled code says which flags it was made with, after its format, V8's version and the source. Bytes. */
const FLAGS = { from: 12, to: 16 };
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
  /** What it starts from beside the source. Compiled code where that can be made, since it starts fastest. */
  readonly start?: Start;
}

/** V8's compiled code, its startup snapshot, or nothing. Both are for the kind of machine that they were made on. */
export type Start = 'code' | 'snapshot' | 'nothing';

/** Puts a program into a copy of its runtime. */
export async function makeExecutable(order: Order): Promise<void> {
  if (order.platform.os === 'darwin') makeForMacOs(order);
  else await makeForLinux(order);
  chmodSync(order.destination, 0o755);
}

async function makeForLinux(order: Order): Promise<void> {
  const { platform, runtime, here, folder, destination } = order;
  const isHere = platform.os === process.platform && platform.cpu === process.arch;
  const start = order.start ?? (isHere ? 'code' : 'nothing');
  const output = join(folder, 'sea.blob');
  const words = [...SEED, '--experimental-sea-config'];
  build(order, words, { output, useCodeCache: start === 'code', useSnapshot: start === 'snapshot' });
  const blob = readFileSync(output);
  copyFileSync(runtime.node, destination);
  chmodSync(destination, 0o755);
  await inject(destination, 'NODE_SEA_BLOB', start === 'code' ? asWithoutSeed(blob, here.node) : blob, {
    sentinelFuse: FUSE,
  });
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

/**
 * V8 refuses compiled code that was made with other flags than it runs with, and the seeds are flags; nothing in the
 * code depends on them, since strings are hashed anew when it is read. So it is made to say the flags of a plain run.
 */
function asWithoutSeed(blob: Buffer, node: string): Buffer {
  const print = "process.stdout.write(new (require('node:vm').Script)('0').createCachedData().toString('hex'))";
  const plain = Buffer.from(execFileSync(node, ['-e', print], { env: {}, encoding: 'utf8' }), 'hex');
  const at = blob.indexOf(plain.subarray(0, 8));
  if (at < 0) throw new Error('the executable has no compiled code in it');
  plain.copy(blob, at + FLAGS.from, FLAGS.from, FLAGS.to);
  return blob;
}
