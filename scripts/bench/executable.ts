// What the single executable takes, in size and to start, beside the npm form and, where KUBETEST2_ORIGINAL names a
// folder with its programs, kubetest2: medians of interleaved runs.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWhole } from '../package/bundle.ts';
import { makeExecutable } from '../package/executable.ts';

const rounds = 15;
const root = fileURLToPath(new URL('../..', import.meta.url));
const original = process.env['KUBETEST2_ORIGINAL'] ?? '';
const folder = mkdtempSync(join(tmpdir(), 'bench-executable-'));
const env = { PATH: `${original}:${process.env['PATH']}`, HOME: folder };
try {
  const executable = await make();
  const forms: Readonly<Record<string, readonly string[]>> = {
    'npm form': [process.execPath, join(root, 'dist/kubetest2-ts.cjs')],
    executable: [executable],
    ...(existsSync(join(original, 'kubetest2-noop')) ? { kubetest2: [join(original, 'kubetest2')] } : {}),
  };
  const calls: readonly (readonly string[])[] = [
    ['--version'],
    ['noop', '--help'],
    ['noop', '--up', '--down', '--test=exec', '--', 'true'],
  ];
  const samples = new Map<string, number[]>();
  for (let round = 0; round <= rounds; round += 1) {
    for (const [name, argv] of [['node -e 0', [process.execPath, '-e', '0']] as const, ...commands(forms, calls)]) {
      const seconds = time(argv);
      // The first round fills the caches.
      if (round > 0) samples.set(name, [...(samples.get(name) ?? []), seconds]);
    }
  }
  const base = median(samples.get('node -e 0') ?? []);
  const ratio = (name: string): string => (median(samples.get(name) ?? []) / base).toFixed(2);
  console.log(
    `The executable is ${mebibytes(statSync(executable).size)}, of which Node.js is ${mebibytes(statSync(process.execPath).size)}.\n`,
  );
  const heads = calls.map((words) => `\`${words.join(' ')}\``);
  console.log(
    `CPU relative to \`node -e 0\` in the same run:\n\n| | ${heads.join(' | ')} |\n| ---${' | ---'.repeat(calls.length)} |`,
  );
  for (const form of Object.keys(forms)) {
    console.log(`| ${form} | ${calls.map((words) => ratio(label(form, words))).join(' | ')} |`);
  }
  if (original !== '') {
    const programs = readdirSync(original).filter((name) => /^kubetest2(?:-|$)/.test(name));
    const bytes = programs.reduce((sum, name) => sum + statSync(join(original, name)).size, 0);
    console.log(`\nkubetest2's ${programs.length} programs are ${mebibytes(bytes)} together.`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function make(): Promise<string> {
  const at = join(folder, 'executable');
  mkdirSync(at);
  const program = await bundleWhole(root, { version: '0.0.0', commit: '' }, at);
  const platform = { os: process.platform, cpu: process.arch, node: process.versions.node };
  const here = { version: platform.node, node: process.execPath, licence: '' };
  const destination = join(at, 'kubetest2-ts');
  await makeExecutable({ program, platform, runtime: here, here, folder: at, destination });
  return destination;
}

function* commands(
  forms: Readonly<Record<string, readonly string[]>>,
  calls: readonly (readonly string[])[],
): Generator<readonly [string, readonly string[]]> {
  for (const words of calls)
    for (const [form, argv] of Object.entries(forms)) yield [label(form, words), [...argv, ...words]];
}

function label(form: string, words: readonly string[]): string {
  return `${form}: ${words.join(' ')}`;
}

/** Seconds of CPU, user and system, of a command and all that it starts. */
function time([file = '', ...words]: readonly string[]): number {
  const timed = 'TIMEFORMAT="%3U %3S"; { time "$@" >/dev/null 2>&1; } 2>&1';
  const text = execFileSync('bash', ['-c', timed, 'bash', file, ...words], { cwd: folder, env, encoding: 'utf8' });
  const [user = 0, system = 0] = text.trim().split(' ').map(Number);
  return user + system;
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
