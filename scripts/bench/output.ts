// How fast a gibibyte of a test's output passes through the program, as a ratio to the same command run directly to the
// same sink: wall time, medians of interleaved runs; and how much memory that takes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Bar, checkBar } from './bars/bar.ts';

const rounds = 5;
const program = fileURLToPath(new URL('../../dist/kubetest2-ts.cjs', import.meta.url));
// In memory, where there is room: a disk's own pace says nothing about us.
const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'bench-output-'));
const [report, preload] = [join(folder, 'memory'), join(folder, 'preload.cjs')];
const USAGE = `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(report)}, JSON.stringify(process.resourceUsage())))`;

const SEQ = 'numbered lines (`seq`)';
/** Each prints 2^30 bytes, but for six; the last one at the speed of the memory, which no test has. */
const sources: Readonly<Record<string, string>> = {
  [SEQ]: 'exec seq 118485293',
  'one line again and again (`yes`)': 'yes "a line of output as tests print them, of some length" | head -c 1073741824',
  'zeros (`head -c 1G /dev/zero`)': 'head -c 1073741824 /dev/zero',
};
const BARS: Readonly<Record<string, Bar>> = { 'a file': { least: 0.9 }, 'a pipe (to `cat`)': { least: 0.8 } };
const sinks = ['a file', 'a pipe (to `cat`)', '/dev/null'] as const;

try {
  writeFileSync(preload, USAGE);
  console.log(
    `1 GiB; time directly / time through \`noop --test=exec\`, so 1 is as fast; medians of ${rounds} interleaved runs.\n`,
  );
  console.log(
    'Into a file the command writes itself. Into a pipe or /dev/null every byte passes through kubetest2-ts and one more ' +
      'pipe. The column `cat` shows what one more pipe costs by itself. The second command is two processes, which leave ' +
      'no core free of two.\n',
  );
  console.log(
    '| output | sink | directly | through kubetest2-ts | ratio | ratio with `cat` | CPU of kubetest2-ts | peak memory |\n| --- | --- | --- | --- | --- | --- | --- | --- |',
  );
  for (const [name, source] of Object.entries(sources)) for (const sink of sinks) await compare(name, source, sink);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function compare(name: string, source: string, sink: (typeof sinks)[number]): Promise<void> {
  const direct: number[] = [];
  const ours: number[] = [];
  const cat: number[] = [];
  const tested = [process.execPath, '--require', preload, program, 'noop', '--test=exec', '--', 'sh', '-c', source];
  for (let round = 0; round < rounds; round += 1) {
    direct.push(await time(['sh', '-c', source], sink));
    ours.push(await time(tested, sink));
    cat.push(await time(['sh', '-c', `{ ${source.replace(/^exec /, '')}; } | cat`], sink));
  }
  const usage = JSON.parse(readFileSync(report, 'utf8')) as NodeJS.ResourceUsage;
  const cpu = (usage.userCPUTime + usage.systemCPUTime) / 1e6;
  const memory = Math.round(usage.maxRSS / 1024);
  const [before, after, other] = [median(direct), median(ours), median(cat)];
  console.log(
    `| ${name} | ${sink} | ${before.toFixed(2)} s | ${after.toFixed(2)} s | ${(before / after).toFixed(2)} | ${(before / other).toFixed(2)} | ${cpu.toFixed(2)} s | ${memory} MiB |`,
  );
  if (name === SEQ) checkBar(`${name} into ${sink}`, before / after, BARS[sink]);
}

/** Seconds until the command, and whoever reads its output, have ended. */
async function time([file = '', ...words]: readonly string[], sink: (typeof sinks)[number]): Promise<number> {
  const out = openSync(sink === 'a file' ? join(folder, 'out') : '/dev/null', 'w');
  const start = performance.now();
  try {
    if (sink.startsWith('a pipe')) {
      // A shell's pipe: between node and its children there are sockets.
      const pipeline = spawn('sh', ['-c', '"$@" | cat >/dev/null', 'sh', file, ...words], {
        cwd: folder,
        stdio: ['ignore', out, 'ignore'],
      });
      await once(pipeline, 'close');
    } else {
      await once(spawn(file, words, { cwd: folder, stdio: ['ignore', out, 'ignore'] }), 'close');
    }
  } finally {
    closeSync(out);
  }
  return (performance.now() - start) / 1000;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
