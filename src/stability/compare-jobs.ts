import type { Env } from '../api/env.ts';
import { UsageError } from '../api/errors.ts';
import { runsOf } from './evidence/runs.ts';
import { BuildCache } from './history/build-cache.ts';
import { readJob, WIDTH } from './history/history.ts';
import { NameTable } from './history/names.ts';
import { isOwned } from './history/owner.ts';
import type { JobAddress } from './question/job-address.ts';
import { DAY, type Settings } from './question/settings.ts';
import { openBucketStore } from './store/bucket-store.ts';
import { openDirectoryStore } from './store/directory-store.ts';
import type { Store } from './store/store.ts';
import { summarise } from './verdict/job-summary.ts';
import type { Report } from './verdict/report.ts';
import { judge } from './verdict/verdict.ts';

export interface CompareOptions {
  readonly settings: Settings;
  readonly gcsEndpoint: string;
  /** The directory of the cache of downloads, in which that of builds is. */
  readonly cacheDir: string;
  readonly env: Env;
  /** Hears what is being read. */
  readonly onProgress: (text: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Reads both jobs and judges the canary. Throws UsageError when they are of different kinds, RunError when one cannot
 * be read.
 */
export async function compareJobs(original: JobAddress, canary: JobAddress, options: CompareOptions): Promise<Report> {
  if (original.kind !== canary.kind) {
    throw new UsageError(
      `cannot compare a ${original.kind} job with a ${canary.kind} job: ${original.address}, ${canary.address}`,
    );
  }
  const stores = [original, canary].map((job) => openStore(job, options)) as [Store, Store];
  try {
    return await compareIn(stores, original, canary, options);
  } finally {
    for (const store of stores) await store.close();
  }
}

function openStore({ bucket, root }: JobAddress, { gcsEndpoint, env }: CompareOptions): Store {
  return bucket === undefined ? openDirectoryStore(root) : openBucketStore(bucket, { gcsEndpoint }, env, WIDTH);
}

async function compareIn(
  [originals, canaries]: readonly [Store, Store],
  original: JobAddress,
  canary: JobAddress,
  { settings, cacheDir, onProgress, signal }: CompareOptions,
): Promise<Report> {
  const { now, since, days, runs } = settings;
  const names = new NameTable();
  const cache = new BuildCache(cacheDir, names);
  const earliest = Math.max(now - days * DAY, since ?? Number.NEGATIVE_INFINITY);
  const read = async (store: Store, job: JobAddress, from: number) =>
    await readJob(store, job, {
      ...{ span: { from, to: now }, runs, names, cache, signal },
      onProgress: (done, of) => onProgress(`reading ${job.job}: ${done} of ${of} builds`),
    });
  const canaryBuilds = await read(canaries, canary, earliest);
  const first = canaryBuilds.find(({ started }) => started >= earliest && started <= now)?.started ?? earliest;
  const from = Math.max(earliest, canary.kind === 'periodic' ? Math.floor(first / DAY) * DAY : first);
  const originalBuilds = await read(originals, original, from);
  const window = { from, to: now };
  const evidence = {
    kind: canary.kind,
    original: runsOf(originalBuilds, window, now),
    canary: runsOf(canaryBuilds, window, now),
    until: now,
  };
  const owned = settings.step === 'non-optional' ? undefined : await isOwned(canaries, evidence.canary, signal);
  return {
    ...{ settings, window, evidence, names },
    original: summarise(original, evidence.original),
    canary: summarise(canary, evidence.canary),
    judgement: judge(evidence, names, settings, owned),
  };
}
