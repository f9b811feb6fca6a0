import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shellQuote } from '../../src/text/shell-quote.ts';
import { Collector, failure, openWorld as open, temporary } from '../helpers/exec.ts';

const never = new AbortController().signal;

test('passes output through byte for byte, each stream to its own, and keeps its end', async () => {
  const { exec, stdout, stderr } = open();
  const program = `printf 'out\\377\\000\\001\\n'; printf 'err\\n' >&2`;
  const { exitCode, tail, seconds } = await exec(['sh', '-c', program], { signal: never });
  expect(exitCode).toBe(0);
  expect(stdout.bytes()).toEqual(Buffer.from([0x6f, 0x75, 0x74, 0xff, 0, 1, 0x0a]));
  expect(stderr.text()).toBe('err\n');
  expect(tail).toContain('out\ufffd\0\u0001\n');
  expect(tail).toContain('err\n');
  expect(seconds).toBeGreaterThan(0);
});

test('captured output is complete and not shown', async () => {
  const { exec, stdout, stderr } = open();
  const lines = Array.from({ length: 50_000 }, (_, at) => `${at + 1}\n`).join('');
  const finished = await exec(['sh', '-c', 'seq 50000; seq 50000 >&2'], { signal: never, output: 'capture' });
  expect(finished.stdout).toBe(lines);
  expect(finished.stderr).toBe(lines);
  expect(stdout.text() + stderr.text()).toBe('');
});

test('a command that prints more than can be captured is stopped', async () => {
  const { exec } = open();
  const error = await failure(exec(['sh', '-c', 'echo $$; exec yes'], { signal: never, output: 'capture' }));
  expect(error.message).toBe('sh was stopped because it printed more than 64 MiB, the limit for captured output');
});

test('in log mode both streams go to stderr in the order they were written', async () => {
  const { exec, stdout, stderr } = open();
  const program = 'for i in 1 2 3 4; do echo out $i; echo err $i >&2; done';
  await exec(['sh', '-c', program], { signal: never, output: 'log' });
  expect(stderr.text()).toBe([1, 2, 3, 4].map((at) => `out ${at}\nerr ${at}\n`).join(''));
  expect(stdout.text()).toBe('');
});

test('when stdout and stderr are one stream, the order of what a command writes to them is kept', async () => {
  const both = new Collector();
  const { exec } = open({ stdout: both, stderr: both });
  await exec(['sh', '-c', 'for i in 1 2 3 4; do echo out $i; echo err $i >&2; done'], { signal: never });
  expect(both.text()).toBe([1, 2, 3, 4].map((at) => `out ${at}\nerr ${at}\n`).join(''));
});

test('a script can open /dev/stdout, /dev/stderr and /dev/stdin', async () => {
  const { exec, stdout, stderr } = open();
  const program = 'echo out >/dev/stdout; echo err | tee /dev/stderr >/dev/null; cat /dev/stdin';
  await exec(['sh', '-c', program], { signal: never, input: 'in\n' });
  expect(stdout.text()).toBe('out\nin\n');
  expect(stderr.text()).toBe('err\n');
});

test('everything but /dev/stdout works without a directory for named pipes', async () => {
  const { exec, stdout, stderr } = open({ env: () => ({ ...process.env, TMPDIR: '/nonexistent' }) });
  await exec(['sh', '-c', 'cat; echo err >&2'], { signal: never, input: 'in\n' });
  expect(stdout.text()).toBe('in\n');
  expect(stderr.text()).toBe('err\n');
});

test('commands at once have pipes of their own', async () => {
  const { exec } = open();
  const words = ['one', 'two', 'three'];
  const say = (word: string) => exec(['sh', '-c', 'echo "$0"; sleep 0.2; echo "$0"', word], { signal: never });
  expect((await Promise.all(words.map(say))).map(({ tail }) => tail)).toEqual(
    words.map((word) => `${word}\n${word}\n`),
  );
});

test('named pipes and input are removed from the temporary directory while the command runs', async () => {
  const directory = temporary();
  const { exec, stdout } = open({ env: () => ({ ...process.env, TMPDIR: directory }) });
  await exec(['sh', '-c', 'ls -A "$TMPDIR" | wc -l; cat'], { signal: never, input: 'in' });
  expect(stdout.text()).toBe('0\nin');
});

test('a command without input reads the end of its input at once', async () => {
  const { exec, stdout } = open();
  await exec(['sh', '-c', 'readlink /proc/self/fd/0; cat'], { signal: never });
  expect(stdout.text()).toBe('/dev/null\n');
});

test('input that the command does not read is not an error', async () => {
  const { exec } = open();
  const { exitCode } = await exec(['true'], { signal: never, input: 'x'.repeat(1_000_000) });
  expect(exitCode).toBe(0);
});

test('a command gets exactly the specified environment and directory', async () => {
  const directory = temporary();
  const { exec, stdout } = open();
  const env = { PATH: process.env['PATH'], ONLY: 'this', NOT: undefined };
  await exec(['sh', '-c', 'env | grep -v "^PATH=\\|^PWD=\\|^_=\\|^SHLVL=\\|^OLDPWD="; pwd'], {
    signal: never,
    env,
    cwd: directory,
  });
  expect(stdout.text()).toBe(`ONLY=this\n${directory}\n`);
});

test('a command gets the live environment at its start by default', async () => {
  const env: Record<string, string | undefined> = { ...process.env };
  const { exec, stdout } = open({ env: () => env });
  env['SET_LATER'] = 'yes';
  await exec(['sh', '-c', 'echo "$SET_LATER"'], { signal: never });
  expect(stdout.text()).toBe('yes\n');
});

test.each([
  ['requested on a terminal', true, {}, '1 1\n'],
  ['not requested off a terminal', false, {}, 'unset unset\n'],
  ['not requested with NO_COLOR', true, { NO_COLOR: '1' }, 'unset unset\n'],
  ['left as the user set it', true, { FORCE_COLOR: '0' }, '0 unset\n'],
  ['not requested on a terminal without colour', true, { TERM: 'dumb' }, 'unset unset\n'],
])('colour is %s', async (_, isTTY, settings, expected) => {
  const stdout = Object.assign(new Collector(), { isTTY });
  const { exec } = open({ stdout });
  const env = { PATH: process.env['PATH'], ...settings };
  await exec(['sh', '-c', 'echo "${FORCE_COLOR-unset} ${CLICOLOR_FORCE-unset}"'], { signal: never, env });
  expect(stdout.text()).toBe(expected);
});

test('an exit code other than 0 is a CommandError with the command, the code and the end of the output', async () => {
  const { exec, events } = open();
  const error = await failure(exec(['sh', '-c', 'echo why; exit 255', 's3cret'], { signal: never }));
  expect(error.message).toBe('sh exited with code 255');
  expect(error.command).toBe(`sh -c 'echo why; exit 255' ***`);
  expect(error.exitCode).toBe(255);
  expect(error.signal).toBeUndefined();
  expect(error.output).toBe('why\n');
  expect(events).toEqual([
    [
      'command',
      { argv: ['sh', '-c', 'echo why; exit 255', '***'], cwd: process.cwd(), seconds: expect.any(Number), exit: 255 },
    ],
  ]);
});

test('secrets are masked in the log, in the error and in the kept output', async () => {
  const { exec, lines, events } = open();
  const error = await failure(exec(['sh', '-c', 'echo s3cret; exit 1'], { signal: never }));
  expect(error.output).toBe('***\n');
  expect(JSON.stringify([lines, events, error.message, error.command, error.output])).not.toContain('s3cret');
  expect(lines).toEqual([`detail 2: Running sh -c 'echo ***; exit 1'`]);
});

test('accepted exit codes are returned', async () => {
  const { exec } = open();
  const { exitCode } = await exec(['sh', '-c', 'exit 1'], { signal: never, okCodes: [0, 1] });
  expect(exitCode).toBe(1);
});

test('a command killed by a signal is an error that names the signal', async () => {
  const { exec, events } = open();
  const error = await failure(exec(['sh', '-c', 'kill -KILL $$'], { signal: never }));
  expect(error.message).toBe('sh was killed by SIGKILL');
  expect(error.signal).toBe('SIGKILL');
  expect(error.exitCode).toBeUndefined();
  expect(events[0]?.[1]).toMatchObject({ signal: 'SIGKILL' });
});

test.each<[string, (directory: string) => readonly string[], RegExp]>([
  ['is not on PATH', () => ['no-such-program'], /^no-such-program could not be started: not found on PATH \(.+\)$/],
  ['does not exist at its path', (f) => [`${f}/nothing`], /nothing could not be started: .*\/nothing does not exist$/],
  ['is a directory', (f) => [f], /could not be started: .* is a directory$/],
  ['is a directory on PATH', () => ['directory'], /^directory could not be started: .*\/directory is a directory$/],
  ['is not executable', () => ['plain'], /^plain could not be started: .*\/plain is not executable \(chmod \+x\)$/],
  [
    'has an interpreter that does not exist',
    () => ['shebang'],
    /^shebang could not be .* interpreter of shebang cannot be used: \/no\/such\/shell does not exist$/,
  ],
  [
    'has a carriage return after its interpreter',
    () => ['dos'],
    /^dos could not be started: .* ends with a carriage return/,
  ],
  ['has no name', () => [''], /^a command could not be started: no program specified$/],
  ['is missing', () => [], /^a command could not be started: no program specified$/],
  [
    'has one argument that is too long',
    () => ['true', 'x'.repeat(10_000_000)],
    /^true could not be started: arguments \(10000006 bytes\)/,
  ],
  [
    'has too many arguments',
    () => ['true', ...Array(500_000).fill('12345678')],
    /^true could not be started: arguments \(4500005 bytes\)/,
  ],
  ['has a NUL byte in an argument', () => ['true', 'a\0b'], /^true could not be started: .* NUL byte/],
])('an error says that a program %s', async (_, argv, sentence) => {
  const directory = temporary();
  mkdirSync(join(directory, 'directory'));
  for (const [name, text, mode] of [
    ['plain', 'echo', 0o644],
    ['shebang', '#!/no/such/shell\n', 0o755],
    ['dos', '#!/bin/sh\r\necho\r\n', 0o755],
  ] as const) {
    writeFileSync(join(directory, name), text);
    chmodSync(join(directory, name), mode);
  }
  const env = { PATH: `${process.env['PATH']}:${directory}` };
  const { exec, events } = open({ env: () => env });
  const error = await failure(exec(argv(directory), { signal: never }));
  expect(error.message).toMatch(sentence);
  expect(error.exitCode).toBeUndefined();
  expect(error.message.length).toBeLessThan(1000);
  expect(error.command.length).toBeLessThan(10_000);
  expect(events[0]?.[1]).toMatchObject({ error: expect.stringContaining('could not be started') });
});

test('an error says that a program is for another architecture', async () => {
  const directory = temporary();
  const program = join(directory, 'program');
  const header = readFileSync(process.execPath).subarray(0, 4096);
  header.writeUInt16LE(0x1234, 18);
  writeFileSync(program, header, { mode: 0o755 });
  const { exec } = open({ env: () => ({ PATH: `${directory}:${process.env['PATH']}` }) });
  const error = await failure(exec(['program'], { signal: never }));
  expect(error.message).toMatch(/^program exited with code \d+: .*\/program is a binary for another architecture$/);
});

test('an error says that PATH is not set', async () => {
  const { exec } = open({ env: () => ({}) });
  const error = await failure(exec(['no-such-program'], { signal: never }));
  expect(error.message).toBe('no-such-program could not be started: not found, because PATH is not set');
});

test('an error distinguishes a missing working directory from a missing program', async () => {
  const { exec } = open();
  const error = await failure(exec(['true'], { signal: never, cwd: '/no/such/directory' }));
  expect(error.message).toBe('true could not be started: working directory /no/such/directory does not exist');
});

test('a program that could not be started leaves no descriptor open', async () => {
  const { exec } = open();
  await failure(exec(['no-such-program'], { signal: never, input: 'x' }));
  await new Promise(setImmediate);
  const before = readdirSync('/proc/self/fd').length;
  for (let at = 0; at < 5; at += 1) await failure(exec(['no-such-program'], { signal: never, input: 'x' }));
  await new Promise(setImmediate);
  expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before);
});

test('pipes that cannot be opened leave no descriptor open, and the command runs without them', async () => {
  const directory = temporary();
  // What it creates can be opened for reading only.
  writeFileSync(join(directory, 'mkfifo'), '#!/bin/sh\nshift 2\nexec mkdir "$@"\n', { mode: 0o755 });
  const env = { ...process.env, PATH: `${directory}:${process.env['PATH']}`, TMPDIR: directory };
  const { exec, stdout } = open({ env: () => env });
  await exec(['echo', 'one'], { signal: never });
  const before = readdirSync('/proc/self/fd').length;
  for (let at = 0; at < 3; at += 1) await exec(['echo', 'one'], { signal: never });
  await new Promise(setImmediate);
  expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before);
  expect(stdout.text()).toBe('one\n'.repeat(4));
});

test.each([
  [['kind', 'create', '--name=a.b/c'], 'kind create --name=a.b/c'],
  [['A=b', 'A=b'], `'A=b' A=b`],
  [['echo', '', ' ', '*', '$x', "it's", '~'], `echo '' ' ' '*' '$x' 'it'\\''s' '~'`],
  [['echo', 'a\nb', "\x1b[31m'\\"], `echo $'a\\nb' $'\\033[31m\\'\\\\'`],
])('quotes %j for a shell', (argv, expected) => {
  expect(shellQuote(argv)).toBe(expected);
});

test('a shell reads any quoted arguments unchanged', () => {
  const arg = fc.string({
    unit: fc.constantFrom(
      'a',
      '=',
      '-',
      ' ',
      "'",
      '"',
      '$',
      '\\',
      '`',
      '!',
      '\n',
      '\t',
      '\x1b',
      '\x7f',
      'ü',
      '~',
      '*',
      '#',
    ),
  });
  fc.assert(
    fc.property(fc.array(arg, { minLength: 1, maxLength: 30 }), (args) => {
      const printed = execFileSync('bash', ['-c', `printf '%s\\0' ${shellQuote(['x', ...args]).slice(2)}`], {
        encoding: 'utf8',
      });
      expect(printed.split('\0').slice(0, -1)).toEqual(args);
    }),
    { numRuns: 30 },
  );
});

test('a slow reader blocks the command instead of filling memory', async () => {
  let waiting: (() => void) | undefined;
  const read: number[] = [];
  const stdout = new Writable({
    write(chunk: Buffer, _, done) {
      read.push(chunk.length);
      waiting = done;
    },
  });
  const { exec, lines } = open({ stdout });
  const run = exec(['sh', '-c', 'head -c 3000000 /dev/zero; echo end'], { signal: never });
  await expect.poll(() => waiting !== undefined).toBe(true);
  await new Promise((resolve) => setTimeout(resolve, 200));
  // One chunk is being written; what follows waits in the pipe.
  expect(read).toHaveLength(1);
  expect(stdout.writableLength).toBeLessThanOrEqual(128 * 1024);
  const pump = setInterval(() => {
    const done = waiting;
    waiting = undefined;
    done?.();
  }, 0);
  const { tail } = await run;
  clearInterval(pump);
  expect(read.reduce((sum, length) => sum + length, 0) + stdout.writableLength).toBeGreaterThan(2_900_000);
  expect(lines.filter((line) => line.startsWith('warn'))).toEqual([]);
  expect(tail.endsWith('\0end\n')).toBe(true);
  expect(tail).toHaveLength(64 * 1024);
});

test('waits for a command that closes its streams early', async () => {
  const { exec } = open();
  const error = await failure(exec(['sh', '-c', 'exec >&- 2>&-; sleep 0.3; exit 4'], { signal: never }));
  expect(error.message).toBe('sh exited with code 4');
});

test('onOutput gets every byte of both streams, and may keep them', async () => {
  const { exec } = open();
  const seen: Uint8Array[] = [];
  const program = 'seq 100000; seq 100000 >&2';
  await exec(['sh', '-c', program], { signal: never, onOutput: (chunk) => seen.push(chunk) });
  const text = Buffer.concat(seen).toString();
  expect(text).toHaveLength(2 * 588_895);
  expect(text.split('\n').filter((line) => line === '77777')).toHaveLength(2);
});

test('an error of onOutput stops the command', async () => {
  const { exec } = open();
  const mistake = new Error('printed a surprise');
  const onOutput = (): void => {
    throw mistake;
  };
  const error = await failure(exec(['sh', '-c', 'echo; sleep 1000'], { signal: never, onOutput }));
  expect(error.message).toBe('sh was stopped because it printed a surprise');
  expect(error.cause).toBe(mistake);
});

test('keeps the last 64 KiB of a long output', async () => {
  const { exec } = open();
  const { tail } = await exec(
    ['sh', '-c', 'seq 200000; for i in 1 2 3 4 5 6 7 8; do echo piece $i; sleep 0.01; done'],
    { signal: never },
  );
  const whole = `${Array.from({ length: 200_000 }, (_, at) => `${at + 1}\n`).join('')}${[1, 2, 3, 4, 5, 6, 7, 8].map((at) => `piece ${at}\n`).join('')}`;
  expect(tail).toBe(whole.slice(-64 * 1024));
});
