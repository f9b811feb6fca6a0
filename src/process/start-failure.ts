import { constants } from 'node:fs';
import { access, open, stat } from 'node:fs/promises';
import { basename, delimiter, resolve } from 'node:path';
import type { Env } from '../api/env.ts';
import { messageOf } from '../api/errors.ts';

/** Says in a sentence's second half why a program could not be started: the system's own words name neither file nor reason. */
export async function whyNotStarted(argv: readonly string[], env: Env, cwd: string, error: unknown): Promise<string> {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const [program = ''] = argv;
  if (program === '') return 'no program was named';
  if (code === 'E2BIG') return tooLong(argv, env);
  if (code === 'ERR_INVALID_ARG_VALUE' || argv.some((word) => word.includes('\0')))
    return 'a word of the command, or a variable of its environment, has a NUL byte in it';
  if (code === 'EMFILE' || code === 'ENFILE') return 'too many files are open (see ulimit -n)';
  if (code === 'EAGAIN') return 'there are too many processes (see ulimit -u)';
  if (code === 'ENOMEM') return 'there is not enough memory';
  if (!(await isDirectory(cwd))) return `its working directory ${cwd} is not there`;
  const wrong = program.includes('/')
    ? await whatIsWrong(resolve(cwd, program))
    : await whatIsWrongOnPath(program, env, cwd);
  return wrong ?? messageOf(error);
}

function tooLong(argv: readonly string[], env: Env): string {
  const size = (words: readonly string[]): number => words.reduce((sum, word) => sum + Buffer.byteLength(word) + 1, 0);
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value ?? ''}`);
  const longest = [...argv, ...variables].reduce((most, word) => Math.max(most, Buffer.byteLength(word)), 0);
  return (
    `its arguments (${size(argv)} bytes) and environment (${size(variables)} bytes) are more than this system takes; ` +
    `the longest single one has ${longest} bytes, and Linux takes 131071`
  );
}

async function whatIsWrongOnPath(program: string, env: Env, cwd: string): Promise<string | undefined> {
  const path = env['PATH'];
  if (path === undefined || path === '') return `it is not found, because PATH is ${path === '' ? 'empty' : 'not set'}`;
  for (const file of onPath(program, path, cwd)) {
    if (await stat(file).catch(() => undefined)) return whatIsWrong(file);
  }
  return `it is not found on PATH (${path})`;
}

function onPath(program: string, path: string, cwd: string): string[] {
  return path.split(delimiter).map((folder) => resolve(cwd, folder, program));
}

/**
 * The end of a sentence about a program that exited with a code as a shell's: the system gives a program that it cannot
 * read to the shell, which takes it for a script. Empty when that is not what happened.
 */
export async function ofAnotherMachine(
  exitCode: number | undefined,
  [program = '']: readonly string[],
  env: Env,
  cwd: string,
): Promise<string> {
  if (exitCode !== 2 && exitCode !== 126 && exitCode !== 127) return '';
  const candidates = program.includes('/') ? [resolve(cwd, program)] : onPath(program, env['PATH'] ?? '', cwd);
  const ours = machine(await firstBytes('/proc/self/exe'));
  for (const file of candidates) {
    const start = await firstBytes(file);
    if (start === '') continue;
    return ours !== undefined && (machine(start) ?? ours) !== ours
      ? `: ${file} is made for another kind of machine`
      : '';
  }
  return '';
}

/** The kind of machine an ELF file is made for. */
function machine(start: string): string | undefined {
  return start.startsWith('\x7fELF') ? start.slice(18, 20) : undefined;
}

/** What keeps a file from being executed, if it can be seen. */
async function whatIsWrong(file: string, look = badInterpreter): Promise<string | undefined> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => error.code ?? 'unknown');
  if (found === 'ENOENT' || found === 'ENOTDIR') return `${file} is not there`;
  if (found === 'EACCES') return `a folder of ${file} may not be entered`;
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
    return start.startsWith('\x7fELF') ? `the loader that ${file} asks for is missing` : undefined;
  }
  if (interpreter.endsWith('\r') || argument?.endsWith('\r')) {
    return `the first line of ${file} ends with a carriage return, which becomes part of its interpreter's name`;
  }
  const wrong = await whatIsWrong(resolve('/', interpreter), async () => undefined);
  if (wrong === undefined) return undefined;
  return `the interpreter in the first line of ${basename(file)} does not work: ${wrong}`;
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

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
