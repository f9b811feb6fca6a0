import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));

/** Why the operations of a program cannot be made to fail on this machine; undefined when they can. */
export function whyLeftOut(): string | undefined {
  if (process.platform !== 'linux') return 'it needs Linux';
  const report = process.report.getReport() as { readonly header?: { readonly glibcVersionRuntime?: string } };
  if (report.header?.glibcVersionRuntime === undefined) return 'it needs glibc';
  if (spawnSync('cc', ['--version'], { stdio: 'ignore' }).status !== 0) return 'it needs a C compiler, cc';
  return undefined;
}

/** The library that makes operations on files fail; a path. */
export const faultyFiles = (): string => compiled('faulty-files.c', ['-shared', '-fPIC'], 'so');

/** A program that becomes the script of its own name in the directory of $FAULTS_PROGRAMS; a path. */
export const standIn = (): string => compiled('stand-in.c', [], 'bin');

/** Compiled anew when the source is newer, by rename, so that several processes may ask at once. */
function compiled(source: string, flags: readonly string[], ending: string): string {
  const directory = join(tmpdir(), `kubetest2-ts-tests-faults-${process.getuid?.()}`);
  const from = join(here, source);
  const made = join(directory, `${basename(source, '.c')}-${Math.trunc(statSync(from).mtimeMs)}.${ending}`);
  if (existsSync(made)) return made;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const draft = `${made}.${process.pid}`;
  execFileSync('cc', ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror', ...flags, '-o', draft, from], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  renameSync(draft, made);
  return made;
}
