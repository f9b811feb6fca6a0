/** Imports a file by its path from the script's folder. */
type Load = (path: string) => Promise<unknown>;

/** Whose compiled code is kept, and where. */
export interface Kept {
  /** Absolute; undefined keeps none. */
  readonly folder: string | undefined;
  /** The version and the commit the script was built from. Times and sizes alone do not tell: npm gives all files one time. */
  readonly build: string;
  /** Tells kinds of calls apart, each of which needs other parts of the script. */
  readonly call: string;
}

/**
 * Runs a script of ours with the code that V8 compiled of it in an earlier call. Node's own cache has what is compiled
 * when a file is loaded, and here nearly all is compiled when it is called first: so the code is taken when a call ends,
 * and has all that such a call needs. What is kept of another build goes when that of a new one comes; V8 refuses what
 * another V8 has made. The script is a function of what imports a package for it, since it cannot import by itself.
 */
export function runCompiled(file: string, { folder, build, call }: Kept, load: Load): void {
  const { Script } = process.getBuiltinModule('node:vm');
  const { readFileSync, statSync } = process.getBuiltinModule('node:fs');
  const { size, mtimeMs } = statSync(file);
  const mark = `launcher-${process.version}-${process.arch}-`;
  const version = `${mark}${build}-${size.toString(36)}-${Math.trunc(mtimeMs).toString(36)}-`;
  const kept = folder === undefined ? undefined : `${folder}/${version}${call}`;
  const cachedData = kept === undefined ? undefined : readIfThere(kept);
  const script = new Script(readFileSync(file, 'latin1'), {
    filename: file,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  if (kept !== undefined && script.cachedDataRejected !== false) {
    process.once('exit', () => keep(kept, mark, version, script.createCachedData()));
  }
  (script.runInThisContext() as (load: Load) => void)(load);
}

function readIfThere(file: string): Buffer | undefined {
  try {
    return process.getBuiltinModule('node:fs').readFileSync(file);
  } catch {
    return undefined;
  }
}

/** Nothing depends on it: where it cannot be written, the next call compiles again. */
function keep(file: string, mark: string, version: string, code: Buffer): void {
  const { mkdirSync, readdirSync, renameSync, unlinkSync, writeFileSync } = process.getBuiltinModule('node:fs');
  const { dirname, join } = process.getBuiltinModule('node:path');
  const folder = dirname(file);
  try {
    const draft = `${file}.${process.pid}`;
    mkdirSync(folder, { recursive: true });
    writeFileSync(draft, code, { mode: 0o600 });
    renameSync(draft, file);
    for (const name of readdirSync(folder)) {
      if (name.startsWith(mark) && !name.startsWith(version)) unlinkSync(join(folder, name));
    }
  } catch {
    // A folder that cannot be written, or another call that tidies up at the same time.
  }
}
