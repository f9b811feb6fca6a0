import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Env } from '../../src/api/env.ts';
import { CommandError } from '../../src/api/errors.ts';
import type { Exec } from '../../src/api/exec.ts';
import type { Values } from '../../src/api/flags.ts';
import type { Run } from '../../src/api/run.ts';
import { type BuildOptions, buildFlags, buildOptions } from '../../src/kube-build/flags.ts';
import { type Lines, lines } from './lease.ts';

const FAKES = fileURLToPath(new URL('programs/build', import.meta.url));

/** A source tree with a version, and a run in it with fakes of make, git and docker. */
export interface Scene extends AsyncDisposable {
  readonly run: Run & { readonly log: Lines };
  readonly tree: string;
  /** The calls of the fakes, one a line. */
  calls(): Promise<string[]>;
  options(values?: Partial<Values<typeof buildFlags>>, more?: Partial<BuildOptions>): BuildOptions;
  /** Changes the version of the tree. */
  setVersion(version: string): Promise<void>;
}

export async function scene({ gcsEndpoint = '', env = {} }: { gcsEndpoint?: string; env?: Env } = {}): Promise<Scene> {
  const root = await mkdtemp(join(tmpdir(), 'build-'));
  const tree = join(root, 'kubernetes');
  const dir = join(root, 'run');
  await mkdir(join(tree, 'hack'), { recursive: true });
  await mkdir(dir);
  const calls = join(root, 'calls');
  await writeFile(calls, '');
  const live: Env = { PATH: `${FAKES}${delimiter}${process.env['PATH']}`, CALLS: calls, ...env };
  const setVersion = async (version: string) => {
    const script = join(tree, 'hack', 'print-workspace-status.sh');
    const source = `#!/bin/sh\necho 'gitVersion v0.0.1' >&2\necho 'gitCommit abc'\necho 'gitVersion ${version}'\n`;
    await writeFile(script, source);
    await chmod(script, 0o755);
  };
  await setVersion('v1.36.0-alpha.1.123+abcdef0123456');
  const log = lines();
  const run: Scene['run'] = {
    id: 'run-1',
    dir,
    artifacts: root,
    cwd: root,
    env: live,
    asked: { build: true, up: false, test: '', down: 'never' },
    log,
    exec: execIn(root, live),
    acquire: {
      cacheDir: root,
      offline: false,
      pins: '',
      allowUnverified: false,
      downloadConnections: 1,
      gcsEndpoint,
    },
    program: { version: 'test', self: [] },
    state: {
      holding: async () => undefined,
      released: async () => undefined,
      recall: () => undefined,
      remember: async () => undefined,
    },
    records: { metadata: async () => undefined, junitCase: async () => undefined, event: () => undefined },
  };
  return {
    run,
    tree,
    setVersion,
    calls: async () => (await readFile(calls, 'utf8')).split('\n').filter((line) => line !== ''),
    options: (values = {}, more = {}) => ({
      ...buildOptions({ ...defaults(), ...values }, tree, run, {
        versionSuffix: '',
        gceFiles: false,
        needs: [],
        usesTree: false,
      }),
      ...more,
    }),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}

/** Starts real programs and captures their output; the program's own exec needs a process of its own. */
const execIn =
  (root: string, live: Env): Exec =>
  async ([program = '', ...args], { env = live, cwd = root, signal }) => {
    signal.throwIfAborted();
    const child = spawn(program, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    const printed = Promise.all([text(child.stdout), text(child.stderr)]);
    const failed = (message: string, fields: { exitCode?: number; output: string }, cause?: unknown) =>
      new CommandError(message, { command: [program, ...args].join(' '), ...fields }, { cause });
    const exitCode = await once(child, 'exit').then(
      ([code]) => Number(code),
      (error: unknown) => {
        throw failed(`${program} could not be started`, { output: '' }, error);
      },
    );
    const [stdout, stderr] = await printed;
    const tail = stdout + stderr;
    if (exitCode !== 0) throw failed(`${program} exited with ${exitCode}`, { exitCode, output: tail });
    return { exitCode, stdout, stderr, tail, seconds: 0 };
  };

/** The defaults of the flags. */
export function defaults(): Values<typeof buildFlags> {
  return Object.fromEntries(Object.entries(buildFlags).map(([key, flag]) => [key, flag.fallback])) as Values<
    typeof buildFlags
  >;
}

/** Writes a file of a tree, with its directories. */
export async function put(tree: string, path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(tree, path)), { recursive: true });
  await writeFile(join(tree, path), content);
}
