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

/** The stand-in for kind. */
export const kindFake = join(tools, 'kind');

/** What the stand-ins, and the launcher itself, start. */
const BASICS = ['sh', 'cat', 'cp', 'dirname', 'ls', 'mkdir', 'mkfifo', 'rm', 'sed', 'wc'];

/** One run of the built launcher, as a user sees it. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A temporary folder in which the launcher runs with the stand-ins for kind, docker and make on PATH. */
export class Machine implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'kt2-kind-'));
  readonly state = join(this.folder, 'state');
  readonly artifacts = join(this.folder, 'artifacts');
  readonly rundir = join(this.folder, 'rundir');
  readonly #children: ChildProcess[] = [];

  constructor() {
    mkdirSync(join(this.state, 'clusters'), { recursive: true });
  }

  /** Starts `kubetest2-ts kind …`, as run r1. */
  start(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const child = spawn(process.execPath, [program, 'kind', ...words], {
      cwd: this.folder,
      env: {
        PATH: [tools, '/usr/bin', '/bin'].join(delimiter),
        HOME: this.folder,
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

  async run(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    return await this.start(words, env).ended;
  }

  /** Resolves when the stand-ins have written a line. */
  async called(line: string): Promise<void> {
    const stop = new AbortController();
    const seen = new Promise<void>((resolve) => {
      const look = () => this.calls().includes(line) && resolve();
      watch(this.state, { signal: stop.signal }, look);
      look();
    });
    await seen;
    stop.abort();
  }

  /** A PATH with the stand-in for docker, and no kind. */
  withoutKind(): string {
    const folder = join(this.folder, 'docker-only');
    mkdirSync(folder, { recursive: true });
    symlinkSync(join(tools, 'docker'), join(folder, 'docker'));
    return [folder, '/usr/bin', '/bin'].join(delimiter);
  }

  /** A PATH with the stand-in for kind, one for each of these providers, and none of the machine's own. */
  withProviders(...providers: readonly string[]): string {
    const folder = mkdtempSync(join(this.folder, 'providers-'));
    symlinkSync(join(tools, 'kind'), join(folder, 'kind'));
    for (const provider of providers) symlinkSync(join(tools, 'docker'), join(folder, provider));
    for (const name of BASICS) symlinkSync(join('/bin', name), join(folder, name));
    return folder;
  }

  /** How kind and make were called, in order, with this machine's folder left out. */
  calls(): string[] {
    return this.#lines('calls');
  }

  dockerCalls(): string[] {
    return this.#lines('docker-calls');
  }

  /** The names of the clusters that are there. */
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
    return readFileSync(join(this.folder, path), 'utf8');
  }

  exists(path: string): boolean {
    return existsSync(join(this.folder, path));
  }

  /** What the stand-in for kind writes as the kubeconfig of a cluster, of which CONTEXT is the name: the path, for FAKE_KUBECONFIG. */
  kubeconfig(server = 'https://127.0.0.1:1', cluster: object = {}): string {
    const path = join(this.folder, 'kubeconfig-of-kind');
    const content = {
      'current-context': 'CONTEXT',
      contexts: [{ name: 'CONTEXT', context: { cluster: 'c', user: 'u' } }],
      clusters: [{ name: 'c', cluster: { server, ...cluster } }],
      users: [{ name: 'u', user: { token: 't' } }],
    };
    writeFileSync(path, JSON.stringify(content));
    return path;
  }

  /** Ends a kind that hangs and that a killed launcher could not end. */
  killHanging(): void {
    const path = join(this.state, 'hanging');
    if (!existsSync(path)) return;
    try {
      process.kill(Number(readFileSync(path, 'utf8')), 'SIGKILL');
    } catch {
      // Gone already, as it should be.
    }
  }

  [Symbol.dispose](): void {
    for (const child of this.#children) child.kill('SIGKILL');
    this.killHanging();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #lines(name: string): string[] {
    const path = join(this.state, name);
    if (!existsSync(path)) return [];
    return readFileSync(path, 'utf8').replaceAll(`${this.folder}/`, '').trimEnd().split('\n');
  }
}
