import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { sharingCompiledCode } from './compile-cache.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The built program. */
export const program = join(root, 'dist/kubetest2-ts.cjs');

/** What a program did. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that was started. */
export interface Launched {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What it has printed to stderr so far. */
  stderr(): string;
}

/** A directory for one test, with a bin directory first on PATH. Processes still running at its end are killed. */
export class Sandbox {
  readonly dir = mkdtempSync(join(tmpdir(), 'kubetest2-test-'));
  readonly bin = join(this.dir, 'bin');
  readonly artifacts = join(this.dir, 'artifacts');
  readonly env: Record<string, string>;

  constructor(env: Readonly<Record<string, string>> = {}) {
    mkdirSync(this.bin);
    mkdirSync(join(this.dir, 'home'));
    this.env = {
      PATH: [this.bin, join(process.execPath, '..'), '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter),
      HOME: join(this.dir, 'home'),
      ARTIFACTS: this.artifacts,
      KUBETEST2_RUN_DIR: join(this.dir, 'rundir'),
      KUBETEST2_TEST_SANDBOX: this.dir,
      ...sharingCompiledCode,
      ...env,
    };
  }

  /** A shell script on PATH. */
  script(name: string, body: string): string {
    const file = join(this.bin, name);
    writeFileSync(file, body.startsWith('#!') ? body : `#!/bin/sh\n${body}\n`);
    chmodSync(file, 0o755);
    return file;
  }

  start(argv: readonly string[], env: Readonly<Record<string, string | undefined>> = {}): Launched {
    const [file = '', ...args] = argv;
    const child = spawn(file, args, {
      cwd: this.dir,
      env: Object.fromEntries(Object.entries({ ...this.env, ...env }).filter(([, value]) => value !== undefined)),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said.stderr += text;
    });
    const ended = new Promise<Ended>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve({ code, signal, ...said }));
    });
    return { child, ended, stderr: () => said.stderr };
  }

  /** Runs the built program to its end. */
  async run(args: readonly string[], env: Readonly<Record<string, string | undefined>> = {}): Promise<Ended> {
    return await this.start([process.execPath, program, ...args], env).ended;
  }

  has(name: string): boolean {
    return existsSync(join(this.dir, name));
  }

  read(name: string): string {
    return readFileSync(join(this.dir, name), 'utf8');
  }

  /** The processes of this sandbox that are alive, with their command lines. */
  processes(): { pid: number; command: string }[] {
    return readdirSync('/proc').flatMap((entry) => {
      try {
        const pid = Number(entry);
        if (!Number.isInteger(pid)) return [];
        if (!readFileSync(`/proc/${entry}/environ`, 'utf8').includes(`KUBETEST2_TEST_SANDBOX=${this.dir}\0`)) return [];
        return [{ pid, command: readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() }];
      } catch {
        return []; // Gone meanwhile, or not ours to look at.
      }
    });
  }

  /** Waits until `check` gives a value. */
  async until<T>(check: () => T | undefined | false, what: string): Promise<T> {
    for (const end = Date.now() + 15_000; Date.now() < end; await sleep(10)) {
      const value = check();
      if (value !== undefined && value !== false) return value;
    }
    throw new Error(`waited 15 s for ${what}`);
  }

  [Symbol.dispose](): void {
    for (const { pid } of this.processes()) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // Gone meanwhile.
      }
    }
    rmSync(this.dir, { recursive: true, force: true });
  }
}
