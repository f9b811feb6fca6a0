import { messageOf, RunError } from '../api/errors.ts';
import { FetchError } from '../http/retry.ts';
import { statusOf } from './error-status.ts';

/** The object is not the one to be replaced: it was written concurrently. */
export class ReplacedError extends Error {
  override readonly name = 'ReplacedError';
}

/** Converts an error of Cloud Storage by its HTTP status, or by the `code` that names errors of the network and of files. */
export function gcsFault(what: string, error: unknown): Error {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === LENGTH_MISMATCH) return new RunError(`${what}: the file changed during the upload`, { cause: error });
  const status = statusOf(error);
  if (status === 412) return new ReplacedError(`${what}: it was written concurrently`, { cause: error });
  const retryable = status === undefined ? isNetwork(error) : status >= 500 || [408, 429].includes(status);
  return new FetchError(`${what}: ${messageOf(error)}`, { status, retryable }, { cause: error });
}

/** The code for a body with more or fewer bytes than its content length. */
const LENGTH_MISMATCH = 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH';

const isNetwork = (error: unknown): boolean =>
  error instanceof Error &&
  /^(?:ECONN|ENET|EHOST|EADDR|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|UND_ERR_)|socket hang up|premature close/i.test(
    `${'code' in error ? error.code : ''} ${error.message}`.trim(),
  );
