import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { program } from '../helpers/sandbox.ts';
import { faultyFiles, whyLeftOut } from './compile.ts';
import type { FileFault } from './modes.ts';
import { type Operation, readOperations } from './operations.ts';
import { KindWorld } from './scenarios/kind.ts';

const reason = whyLeftOut();

/** Runs a piece of JavaScript with a directory `dir` whose operations are watched, and a directory `free` that is not. */
function run(source: string, fault: FileFault | 'record' = 'record', at = 1, lasting = false) {
  const root = mkdtempSync(join(tmpdir(), 'faulty-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const [dir = '', free = ''] = ['watched', 'free'].map((name) => join(root, name));
  mkdirSync(dir);
  mkdirSync(free);
  writeFileSync(join(dir, 'old'), 'old content');
  writeFileSync(join(root, 'count'), Buffer.alloc(16));
  const head = `const fs = require('node:fs'); const [dir, free] = ${JSON.stringify([`${dir}/`, `${free}/`])};`;
  const { stdout, signal } = spawnSync(process.execPath, ['-e', `${head}\n${source}`], {
    encoding: 'utf8',
    cwd: root,
    env: {
      PATH: process.env['PATH'] ?? '',
      LD_PRELOAD: faultyFiles(),
      FAULTS_BELOW: dir,
      FAULTS_MODE: fault,
      FAULTS_AT: String(at),
      FAULTS_LASTING: lasting ? '1' : '0',
      FAULTS_COUNTER: join(root, 'count'),
      FAULTS_TRACE: join(root, 'trace'),
    },
  });
  return { stdout: stdout.trim(), signal, dir, free, operations: readOperations(join(root, 'trace')) };
}

/** What a program does by itself, tried: prints the code of its error. */
const tried = (action: string) =>
  `(async () => { ${action} })().then(() => console.log('passed'), (error) => console.log(error.code ?? error.message))`;

const names = (operations: readonly Operation[]) => operations.map(({ name }) => name);

describe.skipIf(reason !== undefined)(
  `operations on files${reason === undefined ? '' : ` (left out: ${reason})`}`,
  () => {
    test.each([
      ['enospc', 'ENOSPC'],
      ['eio', 'EIO'],
      ['erofs', 'EROFS'],
    ] as const)('fail with %s as %s', (fault, code) => {
      expect(run(tried(`fs.writeFileSync(dir + 'new', 'x')`), fault).stdout).toBe(code);
    });

    test('fail once, from a number on, or each of them from there', () => {
      const three = `for (const name of ['a', 'b', 'c']) { try { fs.mkdirSync(dir + name); console.log(name) } catch {} }`;
      expect(run(three, 'eio', 2).stdout).toBe('a\nc');
      expect(run(three, 'eio', 2, true).stdout).toBe('a');
      expect(run(three, 'eio', 4).stdout).toBe('a\nb\nc');
    });

    test('that only read or remove are not met by a full disk', () => {
      const source = tried(`fs.readFileSync(dir + 'old'); fs.rmSync(dir + 'old')`);
      expect(run(source, 'enospc', 1, true).stdout).toBe('passed');
    });

    test('write half of what they are asked to, and node goes on with the rest', () => {
      const writes = (lasting: boolean) => {
        const { dir, operations } = run(`fs.writeFileSync(dir + 'new', '12345678')`, 'short', 1, lasting);
        expect(readFileSync(join(dir, 'new'), 'utf8')).toBe('12345678');
        return names(operations).filter((name) => name === 'write');
      };
      expect(writes(false)).toHaveLength(2);
      expect(writes(true)).toHaveLength(4);
    });

    test('are the last of their process, and do not happen', () => {
      const ended = run(`fs.mkdirSync(dir + 'a'); fs.mkdirSync(dir + 'b')`, 'kill', 2);
      expect(ended.signal).toBe('SIGKILL');
      expect(['a', 'b'].map((name) => existsSync(join(ended.dir, name)))).toEqual([true, false]);
    });

    test('that start a child let it work for a while before their process dies', () => {
      const child = `require('node:child_process').execFileSync('sh', ['-c', 'echo >' + dir + 'a; sleep 5'])`;
      const ended = run(child, 'orphan');
      expect(ended.signal).toBe('SIGKILL');
      expect(existsSync(join(ended.dir, 'a'))).toBe(true);
    });

    test('elsewhere, and those of children, are let through', () => {
      const child = `require('node:child_process').execFileSync('sh', ['-c', 'env; echo x >' + dir + 'child'])`;
      const ended = run(`fs.writeFileSync(free + 'new', 'x'); console.log(String(${child}))`, 'eio', 1, true);
      expect(names(ended.operations)).toEqual(['fork']);
      expect(ended.stdout).not.toMatch(/LD_PRELOAD|FAULTS_/);
      expect(existsSync(join(ended.dir, 'child'))).toBe(true);
    });

    // Each of these has to be seen, or a disk that fails there would never be tried.
    test.each([
      [`fs.writeFileSync(dir + 'new', 'x')`, ['open', 'write']],
      [`fs.appendFileSync(dir + 'old', 'x')`, ['open', 'write']],
      [`fs.writeSync(fs.openSync(dir + 'new', 'w'), 'x', 0)`, ['open', 'pwrite']],
      [`fs.writevSync(fs.openSync(dir + 'new', 'w'), [Buffer.from('x'), Buffer.from('y')])`, ['open', 'writev']],
      [`fs.fsyncSync(fs.openSync(dir + 'old'))`, ['open', 'fsync']],
      [`fs.fdatasyncSync(fs.openSync(dir + 'old'))`, ['open', 'fdatasync']],
      [`fs.ftruncateSync(fs.openSync(dir + 'old', 'r+'))`, ['open', 'ftruncate']],
      [`fs.truncateSync(dir + 'old')`, ['open', 'ftruncate']],
      [`fs.fchmodSync(fs.openSync(dir + 'old'), 0o600)`, ['open', 'fchmod']],
      [`fs.futimesSync(fs.openSync(dir + 'old'), 1, 1)`, ['open', 'futimens']],
      [`fs.chmodSync(dir + 'old', 0o600)`, ['chmod']],
      [`fs.utimesSync(dir + 'old', 1, 1)`, ['utimensat']],
      [`fs.renameSync(dir + 'old', dir + 'new')`, ['rename']],
      [`fs.renameSync(dir + 'old', free + 'new')`, ['rename']],
      [`fs.linkSync(dir + 'old', dir + 'new')`, ['link']],
      [`fs.symlinkSync('old', dir + 'new')`, ['symlink']],
      [`fs.unlinkSync(dir + 'old')`, ['unlink']],
      [`fs.mkdirSync(dir + 'new')`, ['mkdir']],
      [`fs.mkdirSync(dir + 'new/er', { recursive: true })`, ['mkdir']],
      [`fs.mkdtempSync(dir + 'new')`, ['mkdtemp']],
      [`fs.mkdirSync(dir + 'new'); fs.rmdirSync(dir + 'new')`, ['mkdir', 'rmdir']],
      [`fs.rmSync(dir + 'old')`, ['remove']],
      [`fs.copyFileSync(free + '../count', dir + 'new')`, ['open', 'copy_file_range']],
      [`fs.readFileSync(dir + 'old')`, ['open', 'read']],
      [`fs.readFileSync(dir + 'old', 'utf8')`, ['open', 'read']],
      [`fs.readdirSync(dir)`, ['scandir']],
      [`fs.opendirSync(dir)`, ['opendir']],
      [`fs.statSync(dir + 'old')`, ['stat']],
      [`fs.lstatSync(dir + 'old')`, ['stat']],
      [`fs.fstatSync(fs.openSync(dir + 'old'))`, ['open', 'fstat']],
      [`fs.existsSync(dir + 'old')`, ['access']],
      [`fs.symlinkSync('old', dir + 'new'); fs.readlinkSync(dir + 'new')`, ['symlink', 'readlink']],
      [`await fs.promises.writeFile(dir + 'new', 'x')`, ['open', 'write']],
      [`await fs.promises.rename(dir + 'old', dir + 'new')`, ['rename']],
      [`await fs.promises.rm(dir + 'old')`, ['unlink']],
      [`await fs.promises.copyFile(free + '../count', dir + 'new')`, ['open', 'copy_file_range']],
      [
        `await require('node:stream/promises').pipeline([Buffer.from('x')], fs.createWriteStream(dir + 'new'))`,
        ['open', 'write'],
      ],
    ])('%s is seen', (action, wanted) => {
      const ended = run(tried(action));
      expect(ended.stdout).toBe('passed');
      expect(names(ended.operations)).toEqual(expect.arrayContaining(wanted));
      expect(run(tried(action), 'eio', 1, true).stdout).toMatch(
        action.includes('existsSync') ? 'passed' : /EIO|I\/O|i\/o/,
      );
    });

    const noStrace =
      spawnSync('strace', ['-V'], { stdio: 'ignore' }).status === 0 ? '' : ' (left out: it needs strace)';
    test.skipIf(noStrace !== '')(`of a whole run are as many as the kernel sees${noStrace}`, async () => {
      await using world = new KindWorld({ slow: false }, () => []);
      const { sandbox } = world;
      const below = ['artifacts', 'rundir', 'tmp'].map((name) => join(sandbox.dir, name));
      const trace = join(sandbox.dir, 'trace');
      const seen = join(sandbox.dir, 'seen');
      const args = ['kind', '--up', '--down', '--wait=0', '--run-id=r1', '--test=exec', '--', 'true'];
      const preload = Object.entries({
        LD_PRELOAD: faultyFiles(),
        FAULTS_BELOW: below.join(':'),
        FAULTS_MODE: 'record',
        FAULTS_AT: '0',
        FAULTS_LASTING: '0',
        FAULTS_COUNTER: join(sandbox.dir, 'operations-count'),
        FAULTS_TRACE: trace,
      }).flatMap(([name, value]) => ['-E', `${name}=${value}`]);
      const strace = ['-f', '-y', '-s', '1', '-o', seen, '-e', 'trace=%file,%desc', ...preload];
      execFileSync('strace', [...strace, process.execPath, program, ...args], { env: sandbox.env, stdio: 'ignore' });
      expect(counted(readOperations(trace).map(({ name }) => name))).toEqual(counted(kernelSaw(seen, below)));
    });
  },
);

/** Names under which the kernel knows what libc calls otherwise, and those that are not operations of ours. */
const CALLS: Readonly<Record<string, string>> = {
  openat: 'open',
  pread64: 'pread',
  pwrite64: 'pwrite',
  statx: 'stat',
  lstat: 'stat',
  newfstatat: 'stat',
  remove: 'unlink',
  unlinkat: 'unlink',
};
const OURS =
  /^(?:open|p?read|p?write|writev|stat|fstat|rename|link|symlink|unlink|rmdir|mkdir|chmod|fsync|ftruncate|access)$/;

/** How many operations there were of each name: children that are started are no files, and lists of files are seen otherwise. */
function counted(all: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of all.map((each) => CALLS[each] ?? each))
    if (OURS.test(name)) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** The operations of the launcher's own process below the directories, as strace wrote them. */
function kernelSaw(file: string, below: readonly string[]): string[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  const [launcher] = /^\d+/.exec(lines[0] ?? '') ?? [];
  // A process that will execute another program is a child from its fork on.
  const executing = lines.flatMap((line) => /^(\d+)\s+execve\(/.exec(line)?.[1] ?? []);
  const children = new Set(executing.filter((pid) => pid !== launcher));
  return lines.flatMap((line) => {
    const [, pid = '', call = '', words = ''] = /^(\d+)\s+(\w+)\((.*?)(?:\) += |<unfinished|$)/.exec(line) ?? [];
    const name = call === 'statx' && words.includes('AT_EMPTY_PATH') ? 'fstat' : (CALLS[call] ?? call);
    // What libc does to list a directory is part of that one operation.
    const isListing = words.includes('O_DIRECTORY') || (call === 'newfstatat' && words.includes('AT_EMPTY_PATH'));
    // The library itself looks at what is opened by calls that libuv has no use for, and does not count pipes.
    const isLibrary = call === 'stat' || call === 'fstat';
    const isPipe = call === 'read' && words.includes('/tmp/kubetest2-ts-');
    const isOurs = !children.has(pid) && OURS.test(name) && below.some((path) => words.includes(path));
    return isOurs && !isListing && !isLibrary && !isPipe ? [name] : [];
  });
}
