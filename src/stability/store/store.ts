/** A file of a job, by its path from the root of the bucket or directory. */
export interface StoredFile {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** What its metadata says under `link`, where the store keeps metadata. */
  readonly link: string | undefined;
}

/** Where the results of jobs are: a bucket, or a directory of the same layout. All paths are from its root. */
export interface Store {
  /** `gs://bucket` or the path of the directory, for messages. */
  readonly address: string;
  /** Tells this store's results from those of any other; undefined where results may change behind our back. */
  readonly key: string | undefined;
  /**
   * The directories and the files directly in a directory, from a name on. A directory that does not exist has none.
   * @param directory with a slash at its end
   */
  entries(directory: string, from: string, signal: AbortSignal): Promise<Entries>;
  /** The files of a build: its JSON files and the junit files of its artifacts at any depth. */
  buildFiles(directory: string, signal: AbortSignal): Promise<readonly StoredFile[]>;
  /** Reads a file. `take` is called anew when the connection breaks. Throws RunError when it cannot be read. */
  read<T>(path: string, take: (chunks: AsyncIterable<Uint8Array>) => Promise<T>, signal: AbortSignal): Promise<T>;
  close(): Promise<void>;
}

export interface Entries {
  /** Names, without slashes. */
  readonly directories: readonly string[];
  readonly files: readonly StoredFile[];
}

const ROOT_FILES = ['started.json', 'finished.json', 'prowjob.json', 'podinfo.json', 'clone-records.json'];

/** Whether a path below a build is one of those that are read. */
export function isBuildFile(path: string): boolean {
  return ROOT_FILES.includes(path) || /^artifacts\/(?:.*\/)?junit[^/]*\.xml$/s.test(path);
}
