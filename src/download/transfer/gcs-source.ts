import { messageOf } from '../../api/errors.ts';
import type { AcquireSettings } from '../../api/run.ts';
import { endpointOf, gsParts, openSigner } from '../../gcs/client.ts';
import { FetchError } from '../../http/retry.ts';
import { abortable } from '../../system/wait.ts';
import type { HttpSource } from './http-source.ts';
import type { Ask, Body, Source } from './source.ts';

/**
 * Objects of Google Cloud Storage, by `gs://`. The client library signs the requests; the bytes come the way of all
 * others, with the same time limits, parts and patience. One generation of an object is read from beginning to end.
 */
export function gcsSource(settings: Pick<AcquireSettings, 'gcsEndpoint'>, http: HttpSource): Source {
  const endpoint = endpointOf(settings);
  let signer: ReturnType<typeof openSigner> | undefined;
  const read = async (url: string, ask: Ask, generation: string | undefined): Promise<Body> => {
    const parts = gsParts(url);
    if (parts === undefined) throw new FetchError(`${url}: not gs://BUCKET/OBJECT`, { again: false });
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
        throw named(url, error);
      }
    },
    close: async () => undefined,
  };
}

/** The generation that was begun with; when it was replaced, the one that replaced it, so that this can be seen. */
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

/** The same fault, told of the address that was asked for. */
function named(url: string, error: unknown): unknown {
  if (!(error instanceof FetchError))
    return new FetchError(`${url}: ${messageOf(error)}`, { again: false }, { cause: error });
  const { status, again, after } = error;
  const reason = status === undefined ? messageOf(error) : `the server answered ${status}`;
  return new FetchError(`${url}: ${reason}`, { status, again, after }, { cause: error });
}
