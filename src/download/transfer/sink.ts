import type { Content } from '../cache/cache.ts';

/** A file that was written to scratch. */
export interface Written extends Content {
  readonly path: string;
}

/** Where the bytes of an object go as they come. */
export interface Sink {
  /** The bytes are the caller's again once it resolves. Throws only what makes going on pointless. */
  write(chunk: Uint8Array): Promise<void>;
  /** What came of the bytes, by name. Throws what went wrong since the first. */
  end(): Promise<ReadonlyMap<string, Written>>;
  /** Frees what it holds; nothing is written afterwards. */
  destroy(): Promise<void>;
}
