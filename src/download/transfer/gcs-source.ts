import { messageOf } from '../../api/errors.ts';
import type { AcquireSettings } from '../../api/run.ts';
import { endpointOf, gsParts, openSigner } from '../../gcs/client.ts';
import { FetchError } from '../../http/retry.ts';
import { abortable } from '../../system/wait.ts';
import type { HttpSource } from './http-source.ts';
import type { Ask, Body, Source } from './source.ts';

/**
 * Objects of Google Cloud Storage, by `gs://`. The client library signs the requests; the transfer is that of all other
 * URLs, with the same timeouts, ranges and retries. All parts are of one generation of the object.
 */
export function gcsSource(settings: Pick<AcquireSettings, 'gcsEndpoint'>, http: HttpSource): Source {
  const endpoint = endpointOf(settings);
  let signer: ReturnType<typeof openSigner> | undefined;
  const read = async (url: string, ask: Ask, generation: string | undefined): Promise<Body> => {
    const parts = gsParts(url);
    if (parts === undefined)
      throw new FetchError(`invalid Cloud Storage URL ${url}: expected gs://BUCKET/OBJECT`, { retryable: false });
    const object = `${endpoint}/storage/v1/b/${parts.bucket}/o/${encodeURIComponent(parts.object)}?alt=media`;
    const media = generation === undefined ? object : `${object}&generation=${generation}`;
    signer ??= openSigner(endpoint);
    const headers = await abortable((await signer)(media), ask.signal);
    return http.open(media, { ...ask, validator: undefined }, { headers, versionHeader: 'x-goog-generation' });
  };
  return {
    open: async (url, ask) => {
      try {
        return { ...(await latestIfGone(url, ask, read)), url };
      } catch (error) {
        ask.signal.throwIfAborted();
        throw withUrl(url, error);
      }
    },
    close: async () => undefined,
  };
}

/** Reads the generation of the earlier parts; the latest one if that is gone, so that the change is noticed. */
async function latestIfGone(
  url: string,
  ask: Ask,
  read: (url: string, ask: Ask, generation: string | undefined) => Promise<Body>,
): Promise<Body> {
  try {
    return await read(url, ask, ask.validator);
  } catch (error) {
    if (ask.validator === undefined || !(error instanceof FetchError) || error.status !== 404) throw error;
    return read(url, ask, undefined);
  }
}

/** The same error with the `gs://` URL in its message. */
function withUrl(url: string, error: unknown): unknown {
  if (!(error instanceof FetchError))
    return new FetchError(`${url}: ${messageOf(error)}`, { retryable: false }, { cause: error });
  const { status, retryable, retryAfter } = error;
  const reason = status === undefined ? messageOf(error) : `the server answered ${status}`;
  return new FetchError(`${url}: ${reason}`, { status, retryable, retryAfter }, { cause: error });
}
