import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sharingCompiledCode } from './compile-cache.ts';

const program = fileURLToPath(new URL('../../dist/kubetest2-ts.cjs', import.meta.url));
const tools = fileURLToPath(new URL('programs/kind-tools', import.meta.url));

/** The fake kind. */
export const kindFake = join(tools, 'kind');

/** The programs that the fakes and the launcher start. */
const BASICS = ['sh', 'cat', 'cp', 'dirname', 'ls', 'mkdir', 'mkfifo', 'rm', 'sed', 'wc'];

/** One run of the built launcher, as a user sees it. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A temporary directory in which the launcher runs with fakes of kind, docker and make on PATH. */
export class KindHost implements Disposable {
  readonly dir = mkdtempSync(join(tmpdir(), 'kt2-kind-'));
  readonly state = join(this.dir, 'state');
  readonly artifacts = join(this.dir, 'artifacts');
  readonly rundir = join(this.dir, 'rundir');
  readonly #children: ChildProcess[] = [];

  constructor() {
    mkdirSync(join(this.state, 'clusters'), { recursive: true });
  }

  /** Starts `kubetest2-ts kind …`, as run r1. */
  start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const child = spawn(process.execPath, [program, 'kind', ...args], {
      cwd: this.dir,
      env: {
        PATH: [tools, '/usr/bin', '/bin'].join(delimiter),
        HOME: this.dir,
        ...sharingCompiledCode,
        ARTIFACTS: this.artifacts,
        KUBETEST2_RUN_DIR: this.rundir,
        PROW_JOB_ID: 'r1',
        FAKE_STATE: this.state,
        FAKE_KUBECONFIG: env['FAKE_KUBECONFIG'] ?? this.kubeconfig(),
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.push(child);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const ended = new Promise<Ended>((resolve) => {
      child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
    });
    return { child, ended };
  }

  async run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    return await this.start(args, env).ended;
  }

  /** Resolves when the fakes have written a line. */
  async called(line: string): Promise<void> {
    const stop = new AbortController();
    const seen = new Promise<void>((resolve) => {
      const check = () => this.calls().includes(line) && resolve();
      watch(this.state, { signal: stop.signal }, check);
      check();
    });
    await seen;
    stop.abort();
  }

  /** A PATH with the fake docker, and no kind. */
  withoutKind(): string {
    const dir = join(this.dir, 'docker-only');
    mkdirSync(dir, { recursive: true });
    symlinkSync(join(tools, 'docker'), join(dir, 'docker'));
    return [dir, '/usr/bin', '/bin'].join(delimiter);
  }

  /** A PATH with the fake kind, a fake for each of these providers, and none of the real ones. */
  withProviders(...providers: readonly string[]): string {
    const dir = mkdtempSync(join(this.dir, 'providers-'));
    symlinkSync(join(tools, 'kind'), join(dir, 'kind'));
    for (const provider of providers) symlinkSync(join(tools, 'docker'), join(dir, provider));
    for (const name of BASICS) symlinkSync(join('/bin', name), join(dir, name));
    return dir;
  }

  /** The calls of kind and make, in order, with paths relative to the directory. */
  calls(): string[] {
    return this.#lines('calls');
  }

  dockerCalls(): string[] {
    return this.#lines('docker-calls');
  }

  /** The names of the existing clusters. */
  clusters(): string[] {
    return readdirSync(join(this.state, 'clusters'));
  }

  facts(runId = 'r1'): Record<string, string> {
    return JSON.parse(readFileSync(join(this.rundir, runId, 'state.json'), 'utf8')).facts;
  }

  junit(): string {
    return readFileSync(join(this.artifacts, 'junit_runner.xml'), 'utf8');
  }

  text(path: string): string {
    return readFileSync(join(this.dir, path), 'utf8');
  }

  exists(path: string): boolean {
    return existsSync(join(this.dir, path));
  }

  /** Writes the kubeconfig template of the fake kind, in which CONTEXT is the name of the context. Returns its path, for FAKE_KUBECONFIG. */
  kubeconfig(server = 'https://127.0.0.1:1', cluster: object = {}): string {
    const path = join(this.dir, 'kubeconfig-of-kind');
    const content = {
      'current-context': 'CONTEXT',
      contexts: [{ name: 'CONTEXT', context: { cluster: 'c', user: 'u' } }],
      clusters: [{ name: 'c', cluster: { server, ...cluster } }],
      users: [{ name: 'u', user: { token: 't' } }],
    };
    writeFileSync(path, JSON.stringify(content));
    return path;
  }

  /** Kills a kind that hangs and that a killed launcher could not stop. */
  killHanging(): void {
    const path = join(this.state, 'hanging');
    if (!existsSync(path)) return;
    try {
      process.kill(Number(readFileSync(path, 'utf8')), 'SIGKILL');
    } catch {
      // It has exited, as it should.
    }
  }

  [Symbol.dispose](): void {
    for (const child of this.#children) child.kill('SIGKILL');
    this.killHanging();
    rmSync(this.dir, { recursive: true, force: true });
  }

  #lines(name: string): string[] {
    const path = join(this.state, name);
    if (!existsSync(path)) return [];
    return readFileSync(path, 'utf8').replaceAll(`${this.dir}/`, '').trimEnd().split('\n');
  }
}
