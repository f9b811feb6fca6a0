import type { Bucket, Storage } from '@google-cloud/storage';
import { messageOf } from '../api/errors.ts';
import type { AcquireSettings } from '../api/run.ts';

const OFFICIAL = 'https://storage.googleapis.com';

/**
 * A bucket of Google Cloud Storage, or of what stands at `--gcs-endpoint`: the one door to the client library, which
 * is loaded here. At the official endpoint it uses application default credentials where there are any and is anonymous
 * otherwise; at another one it is anonymous. STORAGE_EMULATOR_HOST has no effect: with it the library asks at addresses
 * that emulators do not have.
 */
export async function openBucket(name: string, settings: Pick<AcquireSettings, 'gcsEndpoint'>): Promise<Bucket> {
  return (await openStorage(endpointOf(settings))).bucket(name);
}

/** Where the interface of Google Cloud Storage is, without a slash at its end. */
export function endpointOf({ gcsEndpoint }: Pick<AcquireSettings, 'gcsEndpoint'>): string {
  return gcsEndpoint === '' ? OFFICIAL : gcsEndpoint;
}

/** The headers that sign requests to an endpoint; none where `openBucket` is anonymous. */
export async function openSigner(
  endpoint: string,
): Promise<(url: string) => Promise<Readonly<Record<string, string>>>> {
  if (endpoint !== OFFICIAL) return async () => ({});
  const { authClient } = await openStorage(endpoint);
  return async (url) => {
    try {
      return Object.fromEntries(await authClient.getRequestHeaders(url));
    } catch (error) {
      // The library has no other name for that there are none.
      if (/^Could not load the default credentials/.test(messageOf(error))) return {};
      throw error;
    }
  };
}

async function openStorage(endpoint: string): Promise<Storage> {
  const { Storage } = await import('@google-cloud/storage');
  const storage = new Storage({
    // The slash makes it another endpoint than the built-in and the emulator's, so that these two settings decide.
    apiEndpoint: `${endpoint}/`,
    useAuthWithCustomEndpoint: endpoint === OFFICIAL,
  });
  storage.baseUrl = `${endpoint}/storage/v1`;
  return storage;
}

/** The bucket and object of `gs://bucket/path/of/object`; undefined for other addresses. */
export function gsParts(url: string): { readonly bucket: string; readonly object: string } | undefined {
  const [, bucket, object] = /^gs:\/\/([^/]+)\/(.+)$/.exec(url) ?? [];
  return bucket === undefined || object === undefined ? undefined : { bucket, object };
}
