import { accessSync, constants, type Stats, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import type { Env } from '../api/env.ts';

/** The first executable regular file of that name on PATH; an empty element is the working directory. */
export function findProgram(name: string, env: Env, cwd: string): string | undefined {
  for (const directory of pathDirectories(env, cwd)) {
    const path = join(directory, name);
    if (isProgram(path)) return path;
  }
  return undefined;
}

/** Why the first file of that name on PATH cannot be executed; undefined when there is none. */
export function unusableProgram(name: string, env: Env, cwd: string): string | undefined {
  for (const directory of pathDirectories(env, cwd)) {
    const path = join(directory, name);
    const stat = statOf(path);
    if (stat?.isDirectory()) return `${path} is a directory`;
    if (stat) return `${path} is not executable (chmod +x it)`;
  }
  return undefined;
}

/** Undefined for a file that does not exist, and for a name that no file can have. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** The directories of PATH in its order, absolute; an empty element is the working directory. */
export function pathDirectories(env: Env, cwd: string): string[] {
  const path = env['PATH'] ?? '';
  return path === '' ? [] : path.split(delimiter).map((directory) => resolve(cwd, directory));
}

/** Whether a path is an executable regular file, or a link to one. */
export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
