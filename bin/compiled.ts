import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Script } from 'node:vm';

/** Where the compiled code of one file is kept for calls of one kind. */
export interface Kept {
  /** Absolute; undefined keeps nothing. */
  readonly directory: string | undefined;
  /** Unique to the content of the file: V8 itself compares only the length. */
  readonly digest: string;
  /** Tells apart calls that need different parts of the file. */
  readonly kind: string;
}

/** Compiled code that was not used for so long is removed. Milliseconds. */
const UNUSED = 7 * 24 * 3600e3;

/**
 * Evaluates a file, with the code that V8 compiled of it in an earlier call. Node's own compile cache has what V8
 * compiles when it loads a file, but most functions are compiled when they are first called: here the code is taken
 * when the process exits, which saves a run of noop a fifth of its CPU time over Node's. V8 rejects what another
 * version or other flags have made.
 */
export function evaluate(file: string, { directory, digest, kind }: Kept): unknown {
  const path = directory && `${directory}/${process.version}-${process.arch}-${digest}-${kind}.code`;
  const cachedData = path === undefined ? undefined : read(path);
  const script = new Script(readFileSync(file, 'utf8'), {
    filename: file,
    ...(cachedData && { cachedData }),
  });
  if (path !== undefined && script.cachedDataRejected !== false) {
    process.once('exit', () => write(path, script.createCachedData()));
  }
  return script.runInThisContext();
}

function read(path: string): Buffer | undefined {
  try {
    const now = new Date();
    utimesSync(path, now, now);
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

/** Where nothing can be written, the next call compiles again. */
function write(path: string, code: Buffer): void {
  const directory = dirname(path);
  try {
    mkdirSync(directory, { recursive: true });
    const draft = `${path}.${process.pid}`;
    writeFileSync(draft, code, { mode: 0o600 });
    renameSync(draft, path);
    for (const name of readdirSync(directory)) {
      const other = `${directory}/${name}`;
      if (name.includes('.code') && Date.now() - statSync(other).mtimeMs > UNUSED) rmSync(other);
    }
  } catch {
    // Or another process removes the same file.
  }
}
