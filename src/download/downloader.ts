import type { Env } from '../api/env.ts';
import type { Log } from '../api/log.ts';
import type { RecordsAccess, StateAccess } from '../api/run.ts';
import type { RetryPolicy } from '../http/retry.ts';
import type { Platform } from '../system/platform.ts';
import type { Verified } from './cache/digest.ts';

/** A verified file in the cache. Never write to it and never run it from there: `place` it. */
export interface Cached {
  /** Absolute, read-only. */
  readonly path: string;
  /** Lower-case hex. */
  readonly sha256: string;
  /** In bytes. */
  readonly size: number;
  /** Where it came from, without credentials. */
  readonly url: string;
  /** What the file, or the package it comes from, was verified against. */
  readonly verified: Verified;
  /** False when it was just fetched. */
  readonly cacheHit: boolean;
}

/**
 * Facts that follow from the content of a file alone, such as the version it prints, kept with it in the cache so that
 * they are computed once. Values are JSON; the notes of one name always have the same form.
 */
export interface Notes {
  /** Undefined when there is no note of that name. */
  read(name: string): Promise<unknown>;
  write(name: string, value: unknown): Promise<void>;
}

/** A version, and the location of its files. */
export interface ResolvedVersion {
  /** With a leading `v`. */
  readonly version: string;
  /** The directory of all versions, for instance `https://dl.k8s.io/release`. */
  readonly base: string;
  /** The directory of this version's files: base and version. */
  readonly root: string;
  /** The marker it was read from; absent when the name was a version. */
  readonly marker?: string;
}

export interface ResolveOptions {
  readonly signal: AbortSignal;
  /** The directory of the versions or markers. Default: derived from the name. */
  readonly base?: string;
}

export interface FileOptions {
  readonly signal: AbortSignal;
  /** Fails when the file is not a binary for this platform. */
  readonly expectBinaryFor?: Platform;
  /** The expected sha256, for files whose checksum the program itself contains; lower-case hex. Pins of the run take precedence. */
  readonly sha256?: string;
}

/**
 * Fetches, verifies and caches files. One for each run and program is enough; several, in one process or many, can share
 * the cache.
 */
export interface Acquirer {
  /**
   * Resolves a version, marker or marker URL: `v1.36.1`, `1.36`, `ci/latest`, `release/stable-1.36`,
   * `https://dl.k8s.io/ci/latest.txt`, `gs://bucket/path/latest.txt`. A marker is read once per run.
   * Throws UsageError for any other name, RunError when the marker cannot be read or contains no version.
   */
  resolve(name: string, options: ResolveOptions): Promise<ResolvedVersion>;
  /** Returns a verified file. Throws RunError when it cannot be fetched or its checksum does not match; nothing is cached then. */
  file(url: string, options: FileOptions): Promise<Cached>;
  /**
   * Returns files of a verified `.tar.gz` by their names in it, extracted while it is fetched. The package itself is not
   * cached. Throws RunError as `file` does, and when a member is missing or not a regular file.
   */
  members(url: string, names: readonly string[], options: FileOptions): Promise<Readonly<Record<string, Cached>>>;
  /**
   * Puts a cached file at a path, executable, atomically replacing an existing file. It is a clone where the file system
   * supports that, otherwise a symbolic link to the read-only file, or with `copy` a copy.
   */
  place(cached: Cached, destination: string, options?: { readonly copy?: boolean }): Promise<void>;
  /** The notes of a cached file. */
  notes(cached: Cached): Notes;
  /** Closes idle connections. */
  close(): Promise<void>;
}

/** What downloads need of a run; a `Run` satisfies it. */
export interface AcquirerWorld {
  readonly log: Log;
  readonly env: Env;
  readonly records: Pick<RecordsAccess, 'event'>;
  /** Absolute. Files placed below it are copies: others see this directory alone, and not the cache. */
  readonly artifacts?: string;
  /** The run's state, so that a marker is read once for all calls of the run. */
  readonly state?: Pick<StateAccess, 'recall' | 'remember'>;
  /** Timeouts and delays, for tests. */
  readonly retryPolicy?: Partial<RetryPolicy>;
}
