import { messageOf, RunError } from '../../api/errors.ts';
import { eachInParallel } from '../../system/parallel.ts';
import type { JobAddress } from '../question/job-address.ts';
import type { Store } from '../store/store.ts';
import type { Build } from './build.ts';
import type { BuildCache } from './build-cache.ts';
import { compareIds, type Listed, listBuilds, type Span } from './list-builds.ts';
import type { NameTable } from './names.ts';
import { BuildReader } from './read-build.ts';

/** How many builds are read at once; each asks for one thing after another. */
export const WIDTH = 16;
/** A finished build may still get its last records for so long, in milliseconds. */
const SETTLING = 3600e3;

export interface ReadJobOptions {
  readonly span: Span;
  /** The newest builds to read, at most. */
  readonly runs: number;
  readonly names: NameTable;
  readonly cache: BuildCache;
  /** Hears how many builds of how many have been read. */
  readonly onProgress: (done: number, of: number) => void;
  readonly signal: AbortSignal;
}

/**
 * The builds of a job, in the order in which they started, then by id. Throws RunError that names the job when it
 * cannot be read.
 */
export async function readJob(store: Store, job: JobAddress, options: ReadJobOptions): Promise<Build[]> {
  const { span, runs, names, onProgress, signal } = options;
  try {
    const listed = (await listBuilds(store, job, span, signal)).slice(0, runs);
    const reader = new BuildReader(store, names);
    const builds: Build[] = [];
    let done = 0;
    await eachInParallel(
      listed,
      signal,
      async (each, stop) => {
        const build = await readOne(store, job, each, reader, options, stop);
        if (build) builds.push(build);
        onProgress(++done, listed.length);
      },
      WIDTH,
    );
    return builds.sort((a, b) => a.started - b.started || compareIds(a.id, b.id));
  } catch (error) {
    signal.throwIfAborted();
    throw new RunError(`cannot read the job ${job.address}: ${messageOf(error)}`, { cause: error });
  }
}

async function readOne(
  store: Store,
  job: JobAddress,
  listed: Listed,
  reader: BuildReader,
  { cache, span }: ReadJobOptions,
  signal: AbortSignal,
): Promise<Build | undefined> {
  const key = store.key === undefined ? undefined : `${store.key}/${job.directory}${listed.id}`;
  const known = key === undefined ? undefined : await cache.find(key);
  if (known) return known.change === BATCH ? undefined : known;
  const place = await listed.place(signal);
  if (place === undefined) {
    if (key !== undefined) cache.keep(key, NO_RUN);
    return undefined;
  }
  const files = await store.buildFiles(place.directory, signal);
  const build = await reader.read(place, files, signal);
  const isSettled = build.finished !== undefined && build.finished < span.to - SETTLING;
  if (key !== undefined && isSettled && files.some(({ path }) => path.endsWith('/podinfo.json')))
    cache.keep(key, build);
  return build;
}

/** Kept of a batch of pull requests, which is no run of one. */
const BATCH = 'batch';
const NO_RUN: Build = {
  id: '',
  address: '',
  started: Number.NaN,
  finished: undefined,
  result: '',
  passed: false,
  trouble: undefined,
  phase: undefined,
  unreadable: '',
  commit: '',
  change: BATCH,
  tests: { names: new Int32Array(), outcomes: new Uint8Array(), reasons: new Map() },
};
