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

/** One line that a stand-in wrote down. */
export interface Call {
  readonly name: string;
  readonly args?: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly hangs?: boolean;
  readonly got?: string;
  readonly ignores?: string;
  /** The text of files that it was given. */
  readonly kept?: readonly string[];
}

export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder to run the program in, with stand-ins on PATH. */
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
    for (const folder of [this.bin, this.artifacts, this.home]) mkdirSync(folder);
    for (const name of programs) this.standIn(join(this.bin, name), name);
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

  /** Puts a stand-in at a path. */
  standIn(path: string, name: string): void {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, standInScript(name));
    chmodSync(path, 0o755);
  }

  /** Starts the program. */
  start(...words: string[]): Running {
    return new Running(this, words);
  }

  /** Runs the program to its end. */
  run(...words: string[]): Promise<Ended> {
    return this.start(...words).ended;
  }

  get calls(): Call[] {
    const file = this.env['FAKE_CALLS'] ?? '';
    if (!existsSync(file)) return [];
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Call);
  }

  /** The words of each call of a stand-in. */
  wordsOf(name: string): (readonly string[])[] {
    return this.calls.flatMap((call) => (call.name === name && call.args ? [call.args] : []));
  }

  artifact(name: string): string {
    return readFileSync(join(this.artifacts, name), 'utf8');
  }
}

/** The text of a stand-in: it becomes the recorder, keeping its process. */
export function standInScript(name: string): string {
  return `#!/bin/sh\nexec "${process.execPath}" "${recorder}" "${name}" "$@"\n`;
}

/** A program that was started. It is killed when the test ends. */
export class Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly #stage: Stage;

  constructor(stage: Stage, words: readonly string[]) {
    this.#stage = stage;
    const child = spawn(process.execPath, [program, ...words], {
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

  /** Resolves when a stand-in has written down a line for which this holds. */
  async called(holds: (call: Call) => boolean): Promise<void> {
    const stage = this.#stage;
    await new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if (!stage.calls.some(holds)) return;
        watcher.close();
        resolve();
      };
      const watcher = watch(stage.dir, look);
      this.ended.then(({ stderr }) => {
        watcher.close();
        if (stage.calls.some(holds)) resolve();
        else reject(new Error(`the program ended without it:\n${stderr}`));
      }, reject);
      look();
    });
  }
}

/** The lines of a log without their heads. */
export const said = (log: string): string => log.replaceAll(/^[IWEF]\d{4} [^\]]*\] /gm, '');

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
