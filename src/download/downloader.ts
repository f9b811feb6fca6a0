import type { Env } from '../api/env.ts';
import type { Log } from '../api/log.ts';
import type { RecordsAccess, StateAccess } from '../api/run.ts';
import type { Pace } from '../http/retry.ts';
import type { Platform } from '../system/platform.ts';
import type { Verified } from './cache/digest.ts';

/** A file in the cache whose bytes were checked. Never write to it and never run it from there: `place` it. */
export interface Cached {
  /** Absolute, read-only. */
  readonly path: string;
  /** Lower-case hex. */
  readonly sha256: string;
  /** In bytes. */
  readonly size: number;
  /** Where it came from, without credentials. */
  readonly url: string;
  /** What its bytes, or those of the package it comes from, were checked against. */
  readonly verified: Verified;
  /** False when it was fetched just now. */
  readonly cacheHit: boolean;
}

/**
 * Facts that follow from the bytes of a file alone, such as the version it tells, kept with it in the cache, so that they
 * are found out once. Values are JSON; what is noted under a name has always the same form.
 */
export interface Notes {
  /** Undefined when nothing is noted under that name. */
  read(name: string): Promise<unknown>;
  write(name: string, value: unknown): Promise<void>;
}

/** A version, and where its files are. */
export interface Resolved {
  /** With a leading `v`. */
  readonly version: string;
  /** The folder that holds versions, for instance `https://dl.k8s.io/release`. */
  readonly base: string;
  /** The folder of this version's files: base and version. */
  readonly root: string;
  /** The marker it was read from; absent when a version was given. */
  readonly marker?: string;
}

export interface ResolveOptions {
  readonly signal: AbortSignal;
  /** The folder that holds the versions or markers; as the name of the version says when absent. */
  readonly base?: string;
}

export interface FileOptions {
  readonly signal: AbortSignal;
  /** Fails when the file is not a program for this platform. */
  readonly expectBinaryFor?: Platform;
  /** What the bytes must come to, for files whose digest the program itself knows; lower-case hex. Pins of the run go before it. */
  readonly sha256?: string;
}

/**
 * Fetches files, checks them and keeps them. One for each run and program is enough; several at once, in one process
 * or many, share the cache without harm.
 */
export interface Acquirer {
  /**
   * What a version, marker address, or short name means: `v1.36.1`, `1.36`, `ci/latest`, `release/stable-1.36`,
   * `https://dl.k8s.io/ci/latest.txt`, `gs://bucket/path/latest.txt`. A marker is read once a run.
   * Throws UsageError for a name that is none of these, RunError when the marker cannot be read or holds no version.
   */
  resolve(name: string, options: ResolveOptions): Promise<Resolved>;
  /** A verified file. Throws RunError when it cannot be had or is not what was published; nothing is kept then. */
  file(url: string, options: FileOptions): Promise<Cached>;
  /**
   * Files out of a verified `.tar.gz`, by their names in it, in one pass over the network. The package itself is not kept.
   * Throws RunError as `file` does, and when a member is missing or is no regular file.
   */
  members(url: string, names: readonly string[], options: FileOptions): Promise<Readonly<Record<string, Cached>>>;
  /**
   * Puts a cached file at a path, executable, replacing what was there in one step. It is a clone where the file system
   * can make one, otherwise a symbolic link to the read-only entry, or with `copy` a copy.
   */
  place(cached: Cached, destination: string, options?: { readonly copy?: boolean }): Promise<void>;
  /** What is noted of a cached file. */
  notes(cached: Cached): Notes;
  /** Ends idle connections. */
  close(): Promise<void>;
}

/** The run as fetching sees it; a `Run` fits. */
export interface AcquirerWorld {
  readonly log: Log;
  readonly env: Env;
  readonly records: Pick<RecordsAccess, 'event'>;
  /** Facts of the run, so that a marker is read once for all its calls. */
  readonly state?: Pick<StateAccess, 'recall' | 'remember'>;
  /** Time-outs and pauses, for tests. */
  readonly pace?: Partial<Pace>;
}
