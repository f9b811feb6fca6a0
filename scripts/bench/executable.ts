// What the single executable takes, in size and to start, beside the npm form: medians of interleaved runs.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWhole } from '../package/bundle.ts';
import { makeExecutable } from '../package/executable.ts';

const rounds = 15;
const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bench-executable-'));
const env = { PATH: process.env['PATH'], HOME: folder };
try {
  const cjs = join(folder, 'kubetest2-ts.cjs');
  await bundleWhole(root, { version: '0.0.0', commit: '' }, cjs);
  const platform = { os: process.platform, cpu: process.arch, node: process.versions.node };
  const here = { version: platform.node, node: process.execPath, licence: '' };
  const executable = join(folder, 'kubetest2-ts');
  await makeExecutable({ program: cjs, platform, runtime: here, here, folder, destination: executable });
  const npm = [process.execPath, join(root, 'dist/kubetest2-ts.js')];
  const commands: Readonly<Record<string, readonly string[]>> = {
    'node -e 0': [process.execPath, '-e', '0'],
    'npm form, `--version`': [...npm, '--version'],
    'executable, `--version`': [executable, '--version'],
    'npm form, `noop --help`': [...npm, 'noop', '--help'],
    'executable, `noop --help`': [executable, 'noop', '--help'],
  };
  const samples = new Map<string, number[]>(Object.keys(commands).map((name) => [name, []]));
  for (let round = 0; round <= rounds; round += 1) {
    // The first round fills the caches.
    for (const [name, argv] of Object.entries(commands)) {
      const seconds = time(argv);
      if (round > 0) samples.get(name)?.push(seconds);
    }
  }
  const base = median(samples.get('node -e 0') ?? []);
  const mebibytes = (file: string): string => `${Math.round(statSync(file).size / 2 ** 20)} MiB`;
  console.log(`The executable is ${mebibytes(executable)}, of which node itself is ${mebibytes(process.execPath)}.\n`);
  console.log('CPU relative to `node -e 0` in the same run:\n\n| command | CPU |\n| --- | --- |');
  for (const [name, times] of samples) console.log(`| ${name} | ${(median(times) / base).toFixed(2)} |`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Seconds of CPU, user and system. */
function time([file = '', ...words]: readonly string[]): number {
  const timed = 'TIMEFORMAT="%3U %3S"; { time "$@" >/dev/null 2>&1; } 2>&1';
  const text = execFileSync('bash', ['-c', timed, 'bash', file, ...words], { cwd: folder, env, encoding: 'utf8' });
  const [user = 0, system = 0] = text.trim().split(' ').map(Number);
  return user + system;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
