import { basename, dirname, resolve } from 'node:path';
import { UsageError } from '../../api/errors.ts';

/** Where a job's results are. */
export interface JobAddress {
  /** As a reader knows it: `gs://bucket/logs/job`, or the path of a directory. */
  readonly address: string;
  readonly kind: 'periodic' | 'presubmit';
  readonly job: string;
  /** The bucket, or undefined for a directory. */
  readonly bucket: string | undefined;
  /** The root of the layout: a directory, or empty for a bucket. */
  readonly root: string;
  /** The job's directory, from the root, with a slash at its end. */
  readonly directory: string;
}

/** Reads the argument that names a job. Throws UsageError. */
export function jobAddress(typed: string, cwd: string): JobAddress {
  return typed.includes('://') ? inBucket(typed.replace(/\/+$/, '')) : inDirectory(resolve(cwd, typed));
}

function inBucket(address: string): JobAddress {
  const [, bucket, directory, layout, job] =
    /^gs:\/\/([^/]+)\/((?:[^/]+\/)*?(logs|pr-logs\/directory)\/([^/]+))$/.exec(address) ?? [];
  if (bucket === undefined || directory === undefined || job === undefined) {
    throw new UsageError(
      `invalid job ${JSON.stringify(address)}: expected gs://BUCKET/logs/JOB, gs://BUCKET/pr-logs/directory/JOB or a directory of the same layout`,
    );
  }
  const kind = layout === 'logs' ? 'periodic' : 'presubmit';
  return { address, kind, job, bucket, root: '', directory: `${directory}/` };
}

function inDirectory(path: string): JobAddress {
  const job = basename(path);
  const parent = dirname(path);
  const isPresubmit = basename(parent) === 'directory' && basename(dirname(parent)) === 'pr-logs';
  const root = isPresubmit ? resolve(parent, '../..') : parent;
  const directory = isPresubmit ? `pr-logs/directory/${job}/` : `${job}/`;
  return { address: path, kind: isPresubmit ? 'presubmit' : 'periodic', job, bucket: undefined, root, directory };
}
