import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { UsageError } from '../../api/errors.ts';
import { reasonOf } from '../../system/system-error.ts';
import { place } from './parse-yaml.ts';

/** A job file's name and text. */
export interface SourceFile {
  /** Absolute. */
  readonly path: string;
  /** As it was typed, for messages and reports. */
  readonly name: string;
  /** As diffs name it: relative to the repository it is in, else to the working directory. */
  readonly diffName: string;
  readonly text: string;
}

/** Larger than any job file of this field, so that a stray archive is not read whole. */
const LARGEST = 32 * 1024 * 1024;

/** The job files that paths name: files, and directories with every `*.yaml` and `*.yml` below. Throws UsageError. */
export function readTree(paths: readonly string[], cwd: string): SourceFile[] {
  const files = new Map<string, SourceFile>();
  for (const path of paths) {
    for (const file of filesAt(resolve(cwd, path), path)) {
      const name = file === resolve(cwd, path) ? path : join(path, relative(resolve(cwd, path), file));
      if (!files.has(file)) files.set(file, readSource(file, name, cwd));
    }
  }
  return [...files.values()];
}

function filesAt(path: string, typed: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    const entries = readdirSync(path, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory() && /\.ya?ml$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => !/(?:^|\/)(?:\.git|node_modules)\//.test(relative(path, file).replaceAll(sep, '/')))
      .sort();
  } catch (error) {
    throw new UsageError(`${typed}: cannot be read: ${reasonOf(error)}`, { cause: error });
  }
}

/** Reads one file. Throws UsageError `FILE: reason`, or `FILE:LINE:COLUMN: not text`. */
export function readSource(path: string, name: string, cwd: string): SourceFile {
  let bytes: Buffer;
  try {
    if (statSync(path).size > LARGEST) throw new UsageError(`${name}: larger than 32 MiB, which no job file is`);
    bytes = readFileSync(path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${name}: cannot be read: ${reasonOf(error)}`, { cause: error });
  }
  const text = decode(bytes);
  const wrong = text.search(/\0|\uFFFD/);
  if (wrong !== -1 && (text[wrong] === '\0' || !bytes.includes('\uFFFD'))) {
    throw new UsageError(`${place(name, text, wrong)}: not text in UTF-8`);
  }
  return { path, name, diffName: diffNameOf(path, cwd), text };
}

/** Keeps a byte order mark, since it is written back. */
const decode = (bytes: Buffer): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);

/** Relative to the repository the file is in, as `git apply` wants it; else to the working directory. */
function diffNameOf(path: string, cwd: string): string {
  const root = repositoryOf(path);
  return relative(root ?? cwd, path) || path;
}

function repositoryOf(path: string): string | undefined {
  for (let directory = dirname(path); ; directory = dirname(directory)) {
    if (exists(join(directory, '.git'))) return directory;
    if (directory === dirname(directory)) return undefined;
  }
}

/** Prow's own configuration of the tree that a path lies in, which has presets too. */
export function prowConfigOf(path: string): string | undefined {
  for (let directory = dirname(path); directory !== dirname(directory); directory = dirname(directory)) {
    const file = join(directory, 'config', 'prow', 'config.yaml');
    if (exists(file)) return file;
  }
  return undefined;
}

/** The `config/jobs` that a path lies in. */
export function jobsRootOf(path: string): string | undefined {
  return /^(.*\/config\/jobs)\//.exec(path)?.[1];
}

export function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
