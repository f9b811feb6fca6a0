// What starting the program costs, as ratios to `node -e 0` in the same run: whole-process CPU and wall time, medians of
// interleaved runs, and peak memory. Fails when a call takes more CPU time than its bar.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Bar, checkBar, shown } from './bars/bar.ts';

interface Sample {
  /** Seconds. */
  readonly wall: number;
  /** Seconds, user and system, children included. */
  readonly cpu: number;
}

const rounds = 41;
/** CPU time, relative to `node -e 0`. */
const BARS: readonly (readonly [RegExp, Bar])[] = [
  [/^--version$/, { most: 1.5 }],
  [/--help$/, { most: 2 }],
  [/^noop --test=exec -- true$/, { most: 2.7 }],
];
const program = fileURLToPath(new URL('../../dist/kubetest2-ts.cjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bench-start-'));
const env = { PATH: process.env['PATH'], HOME: folder, XDG_CACHE_HOME: join(folder, 'cache') };
const node = process.execPath;
const ours = (...words: string[]) => [node, program, ...words];
const commands: Readonly<Record<string, readonly string[]>> = {
  'node -e 0': [node, '-e', '0'],
  true: ['true'],
  '--version': ours('--version'),
  '--help': ours('--help'),
  'noop --help': ours('noop', '--help'),
  'noop --test=exec -- true': ours('noop', '--test=exec', '--', 'true'),
};
for (const name of ['gce', 'kind', 'node']) addWhenThere(`${name} --help`, ours(name, '--help'));
for (const name of ['ginkgo', 'clusterloader2', 'node'])
  addWhenThere(`noop --test=${name} --help`, ours('noop', `--test=${name}`, '--help'));

try {
  const samples = new Map<string, Sample[]>(Object.keys(commands).map((name) => [name, []]));
  for (let round = 0; round <= rounds; round += 1) {
    // In another order each time: what ran before a command shows in its figures.
    for (const [name, argv] of shuffled(Object.entries(commands))) {
      const sample = time(argv);
      // The first round fills the caches.
      if (round > 0) samples.get(name)?.push(sample);
    }
  }
  const base = medians(samples.get('node -e 0') ?? []);
  console.log(`Relative to \`node -e 0\` in the same run; medians of ${rounds} interleaved runs with warm caches.\n`);
  console.log('| command | CPU | bar | wall | peak memory |\n| --- | --- | --- | --- | --- |');
  for (const [name, argv] of Object.entries(commands)) {
    const { cpu, wall } = medians(samples.get(name) ?? []);
    const memory = argv[0] === node ? `${Math.round(peakMemory(argv))} MiB` : '';
    const bar = BARS.find(([names]) => names.test(name))?.[1];
    const ratio = cpu / base.cpu;
    console.log(`| \`${name}\` | ${ratio.toFixed(2)} | ${shown(bar)} | ${(wall / base.wall).toFixed(2)} | ${memory} |`);
    checkBar(name, ratio, bar);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function shuffled<T>(each: readonly T[]): T[] {
  return each
    .map((value) => ({ value, place: Math.random() }))
    .sort((one, other) => one.place - other.place)
    .map(({ value }) => value);
}

/** A deployer or tester of a name is measured when the program has it. */
function addWhenThere(name: string, argv: readonly string[]): void {
  try {
    run(argv);
    Object.assign(commands, { [name]: argv });
  } catch {
    console.error(`${name}: not there`);
  }
}

/** bash's own `time` counts the CPU of the whole family in milliseconds. */
function time(argv: readonly string[]): Sample {
  const report = join(folder, 'time');
  // Earlier runs would be looked through for one to continue.
  for (const left of ['_rundir', '_artifacts']) rmSync(join(folder, left), { recursive: true, force: true });
  const timed = 'TIMEFORMAT="%3R %3U %3S"; { time "$@" >/dev/null 2>&1; } 2>"$REPORT"';
  execFileSync('bash', ['-c', timed, 'bash', ...argv], { cwd: folder, env: { ...env, REPORT: report } });
  const [wall = 0, user = 0, system = 0] = readFileSync(report, 'utf8').trim().split(' ').map(Number);
  return { wall, cpu: user + system };
}

/** MiB, as the process itself counts it when it ends. */
function peakMemory(argv: readonly string[]): number {
  const [report, preload] = [join(folder, 'memory'), join(folder, 'preload.cjs')];
  writeFileSync(
    preload,
    `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(report)}, String(process.resourceUsage().maxRSS)))`,
  );
  run([node, '--require', preload, ...argv.slice(1)]);
  return Number(readFileSync(report, 'utf8')) / 1024;
}

function run(argv: readonly string[]): void {
  const [file = '', ...words] = argv;
  execFileSync(file, words, { cwd: folder, env, stdio: 'ignore' });
}

function medians(samples: readonly Sample[]): Sample {
  return { wall: median(samples.map(({ wall }) => wall)), cpu: median(samples.map(({ cpu }) => cpu)) };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
