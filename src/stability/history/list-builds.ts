import { RunError } from '../../api/errors.ts';
import type { JobAddress } from '../question/job-address.ts';
import type { Store, StoredFile } from '../store/store.ts';
import { type BuildPlace, isSnowflake, snowflakeAt, snowflakeTime } from './read-build.ts';

/** Times in milliseconds since 1970. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * The builds of a job whose ids are of a span of time, or plain numbers, the newest first by id.
 * Throws RunError when the job never had a build.
 */
export async function listBuilds(
  store: Store,
  job: JobAddress,
  { from, to }: Span,
  signal: AbortSignal,
): Promise<Listed[]> {
  const list = (first: string) => listed(store, job, first, signal);
  let found = await list(snowflakeAt(from));
  // Plain numbers, which are before that in the order of names, or a job that has been idle.
  if (found.every(({ id }) => !isSnowflake(id))) found = await list('');
  if (found.length === 0) throw new RunError(`no builds in ${job.address}`);
  const within = found.filter(({ id }) => {
    const made = snowflakeTime(id);
    return made === undefined || (made >= Math.floor(from) && made <= to);
  });
  return within.sort((a, b) => compareIds(b.id, a.id));
}

/** A build before its directory is known: that of a presubmit is in a file of its own. */
export interface Listed {
  readonly id: string;
  /** Undefined for batches of pull requests, which are no runs of one. */
  place(signal: AbortSignal): Promise<BuildPlace | undefined>;
}

export function compareIds(a: string, b: string): number {
  const [x, y] = [BigInt(a), BigInt(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

async function listed(store: Store, job: JobAddress, first: string, signal: AbortSignal): Promise<Listed[]> {
  const { directories, files } = await store.entries(job.directory, first, signal);
  if (job.kind === 'presubmit')
    return files.filter(({ path }) => idOf(path) !== '').map((file) => presubmit(store, file));
  return directories
    .filter((id) => /^\d{1,20}$/.test(id))
    .map((id) => ({ id, place: async () => ({ id, directory: `${job.directory}${id}/`, pull: '' }) }));
}

const idOf = (path: string): string => /\/(\d{1,20})\.txt$/.exec(path)?.[1] ?? '';

function presubmit(store: Store, { path, link }: StoredFile): Listed {
  const id = idOf(path);
  return {
    id,
    place: async (signal) => {
      const address = link ?? (await store.read(path, firstLine, signal));
      const [, directory = '', pull = ''] =
        /^gs:\/\/[^/]+\/(.*?pr-logs\/pull\/(.+)\/[^/]+\/\d+)\/?$/.exec(address.trim()) ?? [];
      return directory === '' || pull.split('/')[0] === 'batch' ? undefined : { id, directory: `${directory}/`, pull };
    },
  };
}

async function firstLine(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  for await (const chunk of chunks) return Buffer.from(chunk).toString().split('\n')[0] ?? '';
  return '';
}
