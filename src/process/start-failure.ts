import { constants } from 'node:fs';
import { access, open, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Env } from '../api/env.ts';
import { isDirectory } from '../system/directories.ts';
import { pathDirectories } from '../system/find-program.ts';
import { reasonOf } from '../system/system-error.ts';

/** Why a program could not be started, as the rest of a sentence: the system's own message names neither file nor reason. */
export async function explainStartFailure(
  argv: readonly string[],
  env: Env,
  cwd: string,
  error: unknown,
): Promise<string> {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const [program = ''] = argv;
  if (program === '') return 'no program specified';
  if (code === 'E2BIG') return tooLong(argv, env);
  if (code === 'ERR_INVALID_ARG_VALUE' || argv.some((arg) => arg.includes('\0')))
    return 'an argument or an environment variable contains a NUL byte';
  if (code === 'EMFILE' || code === 'ENFILE') return 'too many open files (see ulimit -n)';
  if (code === 'EAGAIN') return 'too many processes (see ulimit -u)';
  if (code === 'ENOMEM') return 'not enough memory';
  if (!(await isDirectory(cwd))) return `working directory ${cwd} does not exist`;
  const wrong = program.includes('/') ? await problemOf(resolve(cwd, program)) : await problemOnPath(program, env, cwd);
  return wrong ?? reasonOf(error);
}

function tooLong(argv: readonly string[], env: Env): string {
  const size = (texts: readonly string[]): number => texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0);
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value ?? ''}`);
  const longest = [...argv, ...variables].reduce((most, text) => Math.max(most, Buffer.byteLength(text)), 0);
  return (
    `arguments (${size(argv)} bytes) and environment (${size(variables)} bytes) exceed the limit of this system; ` +
    `the longest single one has ${longest} bytes, and Linux allows 131071`
  );
}

async function problemOnPath(program: string, env: Env, cwd: string): Promise<string | undefined> {
  const path = env['PATH'];
  if (path === undefined || path === '') return `not found, because PATH is ${path === '' ? 'empty' : 'not set'}`;
  for (const file of onPath(program, env, cwd)) {
    if (await stat(file).catch(() => undefined)) return problemOf(file);
  }
  return `not found on PATH (${path})`;
}

function onPath(program: string, env: Env, cwd: string): string[] {
  return pathDirectories(env, cwd).map((directory) => join(directory, program));
}

/**
 * For a program that exited with one of a shell's error codes: whether it is a binary for another architecture, which the
 * system passes to the shell as a script. Returns the end of a sentence, or an empty text.
 */
export async function explainForeignBinary(
  exitCode: number | undefined,
  [program = '']: readonly string[],
  env: Env,
  cwd: string,
): Promise<string> {
  if (exitCode !== 2 && exitCode !== 126 && exitCode !== 127) return '';
  const candidates = program.includes('/') ? [resolve(cwd, program)] : onPath(program, env, cwd);
  const ours = architecture(await firstBytes('/proc/self/exe'));
  for (const file of candidates) {
    const start = await firstBytes(file);
    if (start === '') continue;
    return ours !== undefined && (architecture(start) ?? ours) !== ours
      ? `: ${file} is a binary for another architecture`
      : '';
  }
  return '';
}

/** The architecture of an ELF file, as its header has it. */
function architecture(start: string): string | undefined {
  return start.startsWith('\x7fELF') ? start.slice(18, 20) : undefined;
}

/** Why a file cannot be executed; undefined when that cannot be seen. */
async function problemOf(file: string, look = badInterpreter): Promise<string | undefined> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => error.code ?? 'unknown');
  if (found === 'ENOENT' || found === 'ENOTDIR') return `${file} does not exist`;
  if (found === 'EACCES') return `permission denied for a directory of ${file}`;
  if (typeof found === 'string') return undefined;
  if (found.isDirectory()) return `${file} is a directory`;
  if (
    !(await access(file, constants.X_OK).then(
      () => true,
      () => false,
    ))
  )
    return `${file} is not executable (chmod +x)`;
  return look(file);
}

async function badInterpreter(file: string): Promise<string | undefined> {
  const start = await firstBytes(file);
  const [, interpreter, argument] = /^#![ \t]*([^ \t\n]+)[ \t]*([^\n]*)/.exec(start) ?? [];
  if (interpreter === undefined) {
    return start.startsWith('\x7fELF') ? `the ELF loader of ${file} is missing` : undefined;
  }
  if (interpreter.endsWith('\r') || argument?.endsWith('\r')) {
    return `the first line of ${file} ends with a carriage return, which becomes part of the interpreter's name`;
  }
  const problem = await problemOf(resolve('/', interpreter), async () => undefined);
  return problem && `the interpreter of ${basename(file)} cannot be used: ${problem}`;
}

async function firstBytes(file: string): Promise<string> {
  try {
    await using handle = await open(file);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(256), 0, 256, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } catch {
    return '';
  }
}
