import type { Bucket, Storage } from '@google-cloud/storage';
import { messageOf } from '../api/errors.ts';
import type { AcquireSettings } from '../api/run.ts';

const OFFICIAL = 'https://storage.googleapis.com';

/**
 * Opens a bucket of Google Cloud Storage or of `--gcs-endpoint`. The client library is loaded here. At the official
 * endpoint it uses application default credentials, if there are any; otherwise, and at other endpoints, it is anonymous.
 * STORAGE_EMULATOR_HOST has no effect: with it the library uses URLs that emulators do not serve.
 */
export async function openBucket(name: string, settings: Pick<AcquireSettings, 'gcsEndpoint'>): Promise<Bucket> {
  return (await openStorage(endpointOf(settings))).bucket(name);
}

/** The URL of the Cloud Storage API, without a trailing slash. */
export function endpointOf({ gcsEndpoint }: Pick<AcquireSettings, 'gcsEndpoint'>): string {
  return gcsEndpoint === '' ? OFFICIAL : gcsEndpoint;
}

/** Returns the headers that authorize requests to an endpoint; none where `openBucket` is anonymous. */
export async function openSigner(
  endpoint: string,
): Promise<(url: string) => Promise<Readonly<Record<string, string>>>> {
  if (endpoint !== OFFICIAL) return async () => ({});
  const { authClient } = await openStorage(endpoint);
  return async (url) => {
    try {
      return Object.fromEntries(await authClient.getRequestHeaders(url));
    } catch (error) {
      // The library has no code for missing credentials.
      if (/^Could not load the default credentials/.test(messageOf(error))) return {};
      throw error;
    }
  };
}

async function openStorage(endpoint: string): Promise<Storage> {
  const { Storage } = await import('@google-cloud/storage');
  const storage = new Storage({
    // With the slash it differs from the default and the emulator's endpoint, so that these two settings take effect.
    apiEndpoint: `${endpoint}/`,
    useAuthWithCustomEndpoint: endpoint === OFFICIAL,
  });
  storage.baseUrl = `${endpoint}/storage/v1`;
  return storage;
}

/** The bucket and object of `gs://bucket/path/of/object`; undefined for other URLs. */
export function gsParts(url: string): { readonly bucket: string; readonly object: string } | undefined {
  const [, bucket, object] = /^gs:\/\/([^/]+)\/(.+)$/.exec(url) ?? [];
  return bucket === undefined || object === undefined ? undefined : { bucket, object };
}
