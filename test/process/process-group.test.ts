import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { runs, temporary } from '../helpers/exec.ts';

const driver = fileURLToPath(new URL('../helpers/programs/command-driver.ts', import.meta.url));

/** Runs a script through openExec in a process of its own, which writes a report. */
function drive(script: string, options: object, spawnOptions: SpawnOptions = {}) {
  const report = join(temporary(), 'report');
  const child = spawn(process.execPath, [driver, JSON.stringify(options), 'sh', '-c', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...spawnOptions,
    env: { ...process.env, REPORT: report },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const closed = once(child, 'close');
  return { child, closed, said: reader(child), report: () => readFileSync(report, 'utf8') };
}

/** Collects what a child prints; resolves with a match as soon as there is one. */
function reader(child: ChildProcess): (pattern: RegExp) => Promise<RegExpExecArray> {
  let text = '';
  const heard = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      for (const listener of heard) listener();
    });
  }
  return (pattern) =>
    new Promise((resolve) => {
      const look = (): void => {
        const match = pattern.exec(text);
        if (match === null) return;
        heard.delete(look);
        resolve(match);
      };
      heard.add(look);
      look();
    });
}

test('SIGTERM stops the group and this process', async () => {
  const { child, closed, said, report } = drive('sleep 1000 & echo ready $$ $!; wait', {});
  const [, ...pids] = await said(/^ready (\d+) (\d+)/m);
  child.kill('SIGTERM');
  expect(await closed).toEqual([9, null]);
  expect(pids.filter(runs)).toEqual([]);
  expect(report()).toContain('failed: InterruptedError: interrupted by SIGTERM (sh was killed by SIGINT)');
});

test('the third signal kills a command that ignores the others', async () => {
  const script = `trap 'echo got INT' INT; trap 'echo got TERM' TERM; echo ready $$; while :; do sleep 0.05; done`;
  const { child, closed, said } = drive(script, { grace: 600_000 });
  const [, ...pids] = await said(/^ready (\d+)/m);
  child.kill('SIGTERM');
  await said(/^got INT/m);
  child.kill('SIGTERM');
  await said(/^got TERM/m);
  child.kill('SIGTERM');
  expect(await closed).toEqual([9, null]);
  expect(pids.filter(runs)).toEqual([]);
});

test('kills the children when this process crashes', async () => {
  const { child, closed, said } = drive(`trap '' INT TERM; echo ready $$; while :; do sleep 0.05; done`, {});
  const [, pid = ''] = await said(/^ready (\d+)/m);
  child.kill('SIGUSR2');
  expect(await closed).toEqual([1, null]);
  await expect.poll(() => runs(pid)).toBe(false);
});

test('a closed reader is logged once, and the command continues', async () => {
  const { child, closed, report } = drive('seq 500000; echo done >&2; exit 3', {});
  child.stdout?.once('data', () => child.stdout?.destroy());
  expect(await closed).toEqual([9, null]);
  expect(report()).toContain('sh exited with code 3');
  expect(report().match(/^warn: Cannot write to stdout \(.*EPIPE.*\)/gm)).toHaveLength(1);
});

test('a full disk under our stdout is logged once, and the command continues', async () => {
  const full = openSync('/dev/full', 'w');
  const { closed, report } = drive('seq 500000; exit 3', {}, { stdio: ['ignore', full, 'pipe'] });
  closeSync(full);
  expect(await closed).toEqual([9, null]);
  expect(report()).toContain('sh exited with code 3');
  expect(report().match(/^warn: Cannot write to stdout \(.*ENOSPC.*\)/gm)).toHaveLength(1);
});

test('a closed terminal stops the command and does not crash this process', async () => {
  const ended = join(temporary(), 'ended');
  const script = `trap 'echo INT > ${ended}; exit' INT; echo ready $$ $PPID; while :; do echo noise; sleep 0.05; done`;
  const report = join(temporary(), 'report');
  const quotedDriver = `${process.execPath} ${driver} '{}' sh -c "$SCRIPT"`;
  const terminal = spawn('script', ['-qec', quotedDriver, '/dev/null'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, SCRIPT: script, REPORT: report },
  });
  onTestFinished(() => void terminal.kill('SIGKILL'));
  const [, ...pids] = await reader(terminal)(/ready (\d+) (\d+)/);
  terminal.kill('SIGKILL');
  await expect.poll(() => pids.filter(runs), { timeout: 10_000 }).toEqual([]);
  expect(readFileSync(ended, 'utf8')).toBe('INT\n');
  expect(readFileSync(report, 'utf8')).toContain('failed: InterruptedError: interrupted by SIGHUP');
  expect(readFileSync(report, 'utf8')).toContain('memory:');
});

test('keeps the order of both streams when our stdout and stderr are one pipe', async () => {
  const file = join(temporary(), 'both');
  const both = openSync(file, 'a');
  const { closed } = drive(
    'for i in 1 2 3 4 5; do echo out $i; echo err $i >&2; done',
    {},
    { stdio: ['ignore', both, both] },
  );
  closeSync(both);
  await closed;
  const lines = readFileSync(file, 'utf8').match(/^(out|err) \d$/gm);
  expect(lines).toEqual([1, 2, 3, 4, 5].flatMap((at) => [`out ${at}`, `err ${at}`]));
});

test('passes on much output completely in little memory', async () => {
  const size = 64 * 1024 * 1024;
  const { child, closed, report } = drive(`head -c ${size} /dev/zero`, {});
  let bytes = 0;
  child.stdout?.on('data', (chunk: string) => {
    bytes += chunk.length;
  });
  expect(await closed).toEqual([0, null]);
  expect(bytes).toBe(size);
  expect(Number(/^memory: (\S+) MiB/m.exec(report())?.[1])).toBeLessThan(150);
});

test.each(['w', 'a'])('a command writes directly to a file opened with %s, and its end is kept', async (flags) => {
  const file = join(temporary(), 'out');
  writeFileSync(file, 'before\n');
  const out = openSync(file, flags);
  writeSync(out, 'first\n');
  const { child, closed, report } = drive(
    'readlink /proc/self/fd/1; seq 20000 >&2; seq 20000; exit 3',
    {},
    { stdio: ['ignore', out, 'pipe'] },
  );
  closeSync(out);
  child.stderr?.resume();
  await closed;
  const lines = Array.from({ length: 20_000 }, (_, at) => `${at + 1}\n`).join('');
  expect(readFileSync(file, 'utf8')).toBe(`${flags === 'a' ? 'before\n' : ''}first\n${file}\n${lines}`);
  const tail = JSON.parse(/^output: (.*)$/m.exec(report())?.[1] ?? '""') as string;
  // Two streams with different destinations share the limit.
  expect(tail).toBe(lines.slice(-32 * 1024) + lines.slice(-32 * 1024));
});

test('the earlier content of a file is not part of the output', async () => {
  const file = join(temporary(), 'out');
  writeFileSync(file, 'before\n'.repeat(100));
  const out = openSync(file, 'a');
  const { closed, report } = drive('echo mine; exit 3', {}, { stdio: ['ignore', out, out] });
  closeSync(out);
  await closed;
  const tail = JSON.parse(/^output: (.*)$/m.exec(report())?.[1] ?? '""') as string;
  expect(tail).toContain('mine\n');
  expect(tail).not.toContain('before');
});
