import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { sharingCompiledCode } from './compile-cache.ts';
import type { Plan } from './programs/recorder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = join(root, 'dist/kubetest2-ts.cjs');
const recorder = join(root, 'test/helpers/programs/recorder.ts');

/** One line that a fake has recorded. */
export interface Call {
  readonly name: string;
  readonly args?: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly hangs?: boolean;
  readonly got?: string;
  readonly ignores?: string;
  /** The text of files in its arguments. */
  readonly kept?: readonly string[];
}

export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A directory to run the program in, with fakes on PATH. */
export class Stage {
  readonly dir: string;
  readonly bin: string;
  readonly artifacts: string;
  readonly home: string;
  readonly env: Record<string, string>;

  constructor(programs: readonly string[], plan: Plan = {}, env: Readonly<Record<string, string>> = {}) {
    this.dir = realpathSync(mkdtempSync(join(tmpdir(), 'kubetest2-tester-')));
    this.bin = join(this.dir, 'bin');
    this.artifacts = join(this.dir, 'artifacts');
    this.home = join(this.dir, 'home');
    for (const directory of [this.bin, this.artifacts, this.home]) mkdirSync(directory);
    for (const name of programs) this.addFake(join(this.bin, name), name);
    this.env = {
      PATH: [this.bin, dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter),
      HOME: this.home,
      USER: 'prow',
      ARTIFACTS: this.artifacts,
      FAKE_CALLS: join(this.dir, 'calls'),
      FAKE_PLAN: JSON.stringify(plan),
      XDG_CACHE_HOME: join(this.dir, 'cache'),
      ...sharingCompiledCode,
      ...env,
    };
  }

  /** Adds a fake at a path. */
  addFake(path: string, name: string): void {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, fakeScript(name));
    chmodSync(path, 0o755);
  }

  /** Starts the program. */
  start(...args: string[]): Running {
    return new Running(this, args);
  }

  /** Runs the program until it exits. */
  run(...args: string[]): Promise<Ended> {
    return this.start(...args).ended;
  }

  get calls(): Call[] {
    const file = this.env['FAKE_CALLS'] ?? '';
    if (!existsSync(file)) return [];
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Call);
  }

  /** The arguments of each call of a fake. */
  argsOf(name: string): (readonly string[])[] {
    return this.calls.flatMap((call) => (call.name === name && call.args ? [call.args] : []));
  }

  artifact(name: string): string {
    return readFileSync(join(this.artifacts, name), 'utf8');
  }
}

/** The script of a fake, which replaces itself by the recorder. */
export function fakeScript(name: string): string {
  return `#!/bin/sh\nexec "${process.execPath}" "${recorder}" "${name}" "$@"\n`;
}

/** A program that was started. It is killed when the test ends. */
export class Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly #stage: Stage;

  constructor(stage: Stage, args: readonly string[]) {
    this.#stage = stage;
    const child = spawn(process.execPath, [program, ...args], {
      cwd: stage.dir,
      env: stage.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    const text = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => {
      text.stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      text.stderr += chunk.toString();
    });
    this.ended = new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (exitCode) => resolve({ exitCode, ...text }));
    });
  }

  /** Resolves when a fake has recorded a matching line. */
  async called(holds: (call: Call) => boolean): Promise<void> {
    const stage = this.#stage;
    await new Promise<void>((resolve, reject) => {
      const check = (): void => {
        if (!stage.calls.some(holds)) return;
        watcher.close();
        resolve();
      };
      const watcher = watch(stage.dir, check);
      this.ended.then(({ stderr }) => {
        watcher.close();
        if (stage.calls.some(holds)) resolve();
        else reject(new Error(`the program exited without the call:\n${stderr}`));
      }, reject);
      check();
    });
  }
}

/** The messages of a log, without the klog headers. */
export const messagesIn = (log: string): string => log.replaceAll(/^[IWEF]\d{4} [^\]]*\] /gm, '');

/** A junit file as ginkgo writes it: the names of specs that passed, failed and were skipped. */
export function junit(specs: {
  readonly passed?: readonly string[];
  readonly failed?: readonly string[];
  readonly skipped?: readonly string[];
}): string {
  const { passed = [], failed = [], skipped = [] } = specs;
  const testcase = (name: string, inner: string) =>
    `<testcase name="[It] ${name}" classname="E2eNode Suite" time="1.5">${inner}</testcase>`;
  const cases = [
    ...passed.map((name) => testcase(name, '')),
    ...failed.map((name) => testcase(name, '<failure message="expected true" type="failed">at pod.go:12</failure>')),
    ...skipped.map((name) => testcase(name, '<skipped message="skipped"/>')),
  ];
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites><testsuite name="E2eNode Suite" tests="${cases.length}">${cases.join('')}</testsuite></testsuites>\n`;
}
