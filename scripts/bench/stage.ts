// Staging a build to fake-gcs-server on this machine, against `gcloud storage rsync` of the same objects, checksums
// included: once to an empty bucket, once more with nothing changed. `node scripts/bench/stage.ts [OBJECTS] [MIB]`.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { componentsFolder } from '../package/pinned.ts';

interface Sample {
  /** Seconds. */
  readonly wall: number;
  /** Seconds, user and system, children included, the server's not. */
  readonly cpu: number;
  /** MiB at its highest, of our own process. */
  readonly memory: number;
}

const [objects = 2000, mebibytes = 2048] = process.argv.slice(2).map(Number);
const program = fileURLToPath(new URL('../../dist/kubetest2-ts.cjs', import.meta.url));
const server = join(componentsFolder(process.env), 'bin', 'fake-gcs-server');
const folder = mkdtempSync(join(tmpdir(), 'bench-stage-'));
const tree = join(folder, 'kubernetes');
const build = join(tree, '_output', 'release-tars');
/** What `krel push` hands to rsync: the files and their checksums. */
const staged = join(folder, 'staged');
const files = Math.round(objects / 3);

try {
  fillTree();
  const ours = await twice((url) => [
    process.execPath,
    program,
    'noop',
    '--build',
    `--repo-root=${tree}`,
    '--stage=gs://b/ci',
    `--gcs-endpoint=${url}`,
  ]);
  const theirs = await twice(() => ['gcloud', 'storage', 'rsync', '--recursive', staged, 'gs://b/ci/v1']);
  console.log(
    `${objects} objects, of which ${files} are files of ${mebibytes} MiB in all and the rest their checksums, uploaded to ` +
      'fake-gcs-server on the same machine, one run each. kubetest2-ts runs with a `make` that does nothing, and computes ' +
      'the checksums; for gcloud they exist already.\n',
  );
  console.log('| | `noop --build --stage` | `gcloud storage rsync` | wall | CPU | peak memory |');
  console.log('| --- | --- | --- | --- | --- | --- |');
  for (const [at, what] of ['empty bucket', 'nothing changed'].entries()) {
    const [a, b] = [ours[at], theirs[at]];
    if (a === undefined || b === undefined) continue;
    const show = ({ wall, cpu }: Sample) => `${wall.toFixed(1)} s, ${cpu.toFixed(1)} s CPU`;
    const times = (mine: number, other: number) => `${(other / mine).toFixed(1)} × faster`;
    const ratios = `${times(a.wall, b.wall)} | ${times(a.cpu, b.cpu)}`;
    console.log(`| ${what} | ${show(a)} | ${show(b)} | ${ratios} | ${Math.round(a.memory)} MiB |`);
  }
  console.log(
    '\nMore than half of the CPU time on the empty bucket is the three digests of each file. Memory does not grow with the build.',
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** A source tree whose build is made already: every file different, none compressible. */
function fillTree(): void {
  mkdirSync(build, { recursive: true });
  mkdirSync(staged);
  const size = Math.round((mebibytes * 1024 * 1024) / files);
  const noise = execFileSync('head', ['-c', String(size), '/dev/urandom'], { maxBuffer: size + 1 });
  for (let at = 0; at < files; at += 1) {
    const name = at === 0 ? 'kubernetes.tar.gz' : `file-${at}.tar.gz`;
    const file = openSync(join(build, name), 'w');
    writeSync(file, `${at}\n`);
    writeSync(file, noise);
    closeSync(file);
    linkSync(join(build, name), join(staged, name));
    for (const kind of ['sha256', 'sha512']) {
      const sum = createHash(kind).update(`${at}\n`).update(noise).digest('hex');
      writeFileSync(join(staged, `${name}.${kind}`), sum);
    }
  }
  mkdirSync(join(tree, 'hack'));
  putProgram(join(tree, 'hack', 'print-workspace-status.sh'), 'echo gitVersion v1.36.0');
  mkdirSync(join(folder, 'bin'));
  putProgram(join(folder, 'bin', 'make'), ':');
  putProgram(join(folder, 'bin', 'git'), 'echo 1700000000');
}

function putProgram(path: string, does: string): void {
  writeFileSync(path, `#!/bin/sh\n${does}\n`);
  chmodSync(path, 0o755);
}

/** The same command twice, to a server that is empty at first. */
async function twice(command: (url: string) => readonly string[]): Promise<Sample[]> {
  const { url, child } = await startServer();
  try {
    const env = {
      PATH: [join(folder, 'bin'), process.env['PATH']].join(delimiter),
      HOME: folder,
      NO_PROXY: '127.0.0.1',
      no_proxy: '127.0.0.1',
      CLOUDSDK_CONFIG: join(folder, 'gcloud'),
      CLOUDSDK_CORE_PROJECT: 'p',
      CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
      CLOUDSDK_AUTH_DISABLE_CREDENTIALS: 'true',
      CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: `${url}/storage/v1/`,
    };
    return [time(command(url), env), time(command(url), env)];
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

async function startServer(): Promise<{ url: string; child: ChildProcess }> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  await once(probe.close(), 'close');
  const at = `127.0.0.1:${port}`;
  const data = join(folder, 'data');
  mkdirSync(join(data, 'b'), { recursive: true });
  const words = ['-scheme', 'http', '-host', '127.0.0.1', '-port', String(port), '-backend', 'memory', '-data', data];
  const child = spawn(server, [...words, '-public-host', at, '-external-url', `http://${at}`], { stdio: 'ignore' });
  const url = `http://${at}`;
  for (let left = 300; left > 0; left -= 1) {
    if ((await fetch(`${url}/storage/v1/b/b`).catch(() => undefined))?.ok) return { url, child };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${server} does not answer`);
}

/** bash's own `time` counts the CPU of the whole family in milliseconds; our process says at its end what it held. */
function time(argv: readonly string[], env: Readonly<Record<string, string>>): Sample {
  const [report, memory, preload] = ['time', 'memory', 'preload.cjs'].map((name) => join(folder, name));
  writeFileSync(memory ?? '', '0');
  const tell = `require('node:fs').writeFileSync(${JSON.stringify(memory)}, String(process.resourceUsage().maxRSS))`;
  writeFileSync(preload ?? '', `if (process.argv[2] === 'noop') process.on('exit', () => ${tell})`);
  const timed = 'TIMEFORMAT="%3R %3U %3S"; { time "$@" >"$REPORT.out" 2>&1; } 2>"$REPORT"';
  const both = { ...env, REPORT: report, NODE_OPTIONS: `--require=${preload}` };
  execFileSync('bash', ['-c', timed, 'bash', ...argv], {
    cwd: folder,
    env: both,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [wall = 0, user = 0, system = 0] = readFileSync(report ?? '', 'utf8')
    .trim()
    .split(' ')
    .map(Number);
  return { wall, cpu: user + system, memory: Number(readFileSync(memory ?? '', 'utf8')) / 1024 };
}
