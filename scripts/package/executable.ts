import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { inject } from 'postject';
import type { Platform, Runtime } from './runtime.ts';

/** Strings are hashed with a random seed, which shows in compiled code: with this one it is the same each time. */
const SEED = ['--hash-seed=1', '--random-seed=1'];
/** Where compiled code says which flags it was made with, after its format, V8's version and the source. Bytes. */
const FLAGS = { from: 12, to: 16 };
/** As Node's documentation of single executables has it: the mark of the place that is told something was put in. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/**
 * Puts a program into a copy of its runtime. Where the runtime can run here, the compiled code goes in too.
 * `folder` is for what is made on the way.
 */
export async function makeExecutable(
  program: string,
  runtime: Runtime,
  { os, cpu }: Platform,
  folder: string,
  destination: string,
): Promise<void> {
  const runsHere = os === process.platform && cpu === process.arch;
  const blob = prepare(program, runsHere ? runtime.node : process.execPath, runsHere, folder);
  copyFileSync(runtime.node, destination);
  chmodSync(destination, 0o755);
  await inject(destination, 'NODE_SEA_BLOB', blob, { sentinelFuse: FUSE });
}

function prepare(program: string, node: string, useCodeCache: boolean, folder: string): Buffer {
  const [config, output] = [join(folder, 'sea.json'), join(folder, 'sea.blob')];
  const settings = {
    // Its path is in the result: the same one for everybody.
    main: basename(program),
    output,
    disableExperimentalSEAWarning: true,
    useCodeCache,
    // NODE_OPTIONS are meant for other programs of a job.
    execArgvExtension: 'none',
  };
  writeFileSync(config, JSON.stringify(settings));
  execFileSync(node, [...SEED, '--experimental-sea-config', config], {
    cwd: dirname(program),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const blob = readFileSync(output);
  return useCodeCache ? asWithoutSeed(blob, node) : blob;
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
