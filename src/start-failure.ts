import { constants } from 'node:fs';
import { access, open, stat } from 'node:fs/promises';
import { basename, delimiter, isAbsolute, join, resolve } from 'node:path';
import { messageOf } from './errors.ts';
import type { Env } from './run.ts';

/** Says in a sentence's second half why a program could not be started: the system's own words name neither file nor reason. */
export async function whyNotStarted(argv: readonly string[], env: Env, cwd: string, error: unknown): Promise<string> {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const [program = ''] = argv;
  if (program === '') return 'no program was named';
  if (code === 'E2BIG') return tooLong(argv, env);
  if (code === 'ERR_INVALID_ARG_VALUE')
    return 'a word of the command, or a variable of its environment, has a NUL byte in it';
  if (code === 'EMFILE' || code === 'ENFILE') return 'too many files are open (see ulimit -n)';
  if (code === 'EAGAIN') return 'there are too many processes (see ulimit -u)';
  if (code === 'ENOMEM') return 'there is not enough memory';
  if (!(await isDirectory(cwd))) return `its working directory ${cwd} is not there`;
  const wrong = program.includes('/')
    ? await whatIsWrong(isAbsolute(program) ? program : resolve(cwd, program))
    : await whatIsWrongOnPath(program, env, cwd);
  return wrong ?? messageOf(error);
}

function tooLong(argv: readonly string[], env: Env): string {
  const size = (words: readonly string[]): number => words.reduce((sum, word) => sum + Buffer.byteLength(word) + 1, 0);
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value ?? ''}`);
  const longest = Math.max(...[...argv, ...variables].map((word) => Buffer.byteLength(word)));
  return (
    `its arguments (${size(argv)} bytes) and environment (${size(variables)} bytes) are more than this system takes; ` +
    `the longest single one has ${longest} bytes, and Linux takes 131071`
  );
}

async function whatIsWrongOnPath(program: string, env: Env, cwd: string): Promise<string> {
  const path = env['PATH'];
  if (path === undefined || path === '') return `it is not found, because PATH is ${path === '' ? 'empty' : 'not set'}`;
  for (const folder of path.split(delimiter)) {
    const wrong = await whatIsWrong(resolve(cwd, join(folder, program)));
    if (wrong !== undefined && !wrong.endsWith(NOT_THERE)) return wrong;
  }
  return `it is not found on PATH (${path})`;
}

const NOT_THERE = 'is not there';

/** What keeps a file from being executed, if it can be seen. */
async function whatIsWrong(file: string, look = badInterpreter): Promise<string | undefined> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => error.code ?? 'unknown');
  if (found === 'ENOENT' || found === 'ENOTDIR') return `${file} ${NOT_THERE}`;
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
    return start.startsWith('\x7fELF') ? `${file} is made for another system, or its loader is missing` : undefined;
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
