import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { shellQuote } from '../../src/text/shell-quote.ts';
import { sharingCompiledCode } from './compile-cache.ts';

const program = fileURLToPath(new URL('../../dist/kubetest2-ts.cjs', import.meta.url));
const fakes = fileURLToPath(new URL('programs/ginkgo', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A temporary directory in which the built program runs the ginkgo tester, with fakes of its programs on PATH. */
export interface GinkgoHost {
  readonly dir: string;
  readonly artifacts: string;
  /** Runs `kubetest2-ts noop --test=ginkgo … -- …`; on a terminal all output is stdout. */
  run(args: readonly string[], more?: More): Promise<Ended>;
  /** A file for the fakes, or written by them. */
  write(name: string, content: string): Promise<void>;
  read(name: string): Promise<string>;
  /** The arguments of ginkgo; its environment. */
  argv(): Promise<string[]>;
  env(): Promise<Record<string, string>>;
  metadata(): Promise<Record<string, string>>;
}

interface More {
  readonly env?: Record<string, string>;
  readonly launcher?: readonly string[];
  readonly terminal?: boolean;
}

/** Uses the fakes on PATH, and no cluster. */
export const FROM_PATH = ['--use-binaries-from-path', '--check-version-skew=off'];

export async function ginkgoHost(): Promise<GinkgoHost> {
  const dir = await mkdtemp(join(tmpdir(), 'ginkgo-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const artifacts = join(dir, 'artifacts');
  const read = (name: string) => readFile(join(dir, name), 'utf8');
  return {
    dir,
    artifacts,
    read,
    write: async (name, content) => {
      await mkdir(dirname(join(dir, name)), { recursive: true });
      await writeFile(join(dir, name), content);
    },
    argv: async () => (await read('ginkgo.argv')).split('\0').slice(0, -1),
    env: async () => {
      const entries = (await read('ginkgo.env')).split('\0').slice(0, -1);
      return Object.fromEntries(entries.map((entry) => /^([^=]*)=(.*)$/s.exec(entry)?.slice(1) ?? []));
    },
    metadata: async () => JSON.parse(await readFile(join(artifacts, 'metadata.json'), 'utf8')),
    run: async (args, { env = {}, launcher = [], terminal = false } = {}) => {
      const all = ['noop', '--test=ginkgo', '--run-id=run', ...launcher, '--', ...args];
      const argv = [process.execPath, program, ...all];
      const [file = '', ...rest] = terminal ? ['script', '-qec', shellQuote(argv), '/dev/null'] : argv;
      const child = spawn(file, rest, {
        cwd: dir,
        env: {
          PATH: `${fakes}:/usr/bin:/bin`,
          HOME: dir,
          ...sharingCompiledCode,
          FAKE: dir,
          ARTIFACTS: artifacts,
          KUBETEST2_RUN_DIR: join(dir, 'rundir'),
          ...env,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      onTestFinished(() => void child.kill('SIGKILL'));
      const [stdout, stderr, [code]] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, 'close'),
      ]);
      return { code, stdout, stderr };
    },
  };
}
