import type { Content } from '../cache/cache.ts';

/** A file in the scratch directory. */
export interface WrittenFile extends Content {
  readonly path: string;
}

/** Receives the bytes of an object. */
export interface Sink {
  /** The chunk may be reused once this resolves. Throws only errors after which continuing is pointless. */
  write(chunk: Uint8Array): Promise<void>;
  /** Returns the written files by name. Throws any error since the first chunk. */
  end(): Promise<ReadonlyMap<string, WrittenFile>>;
  /** Frees its resources; nothing is written afterwards. */
  destroy(): Promise<void>;
}
