import type { Bucket } from '@google-cloud/storage';
import type { AcquireSettings } from '../run.ts';

const OFFICIAL = 'https://storage.googleapis.com';

/**
 * A bucket of Google Cloud Storage, or of what stands at `--gcs-endpoint`: the one door to the client library, which
 * is loaded here. At the official endpoint it uses application default credentials where there are any and is anonymous
 * otherwise; at another one it is anonymous. STORAGE_EMULATOR_HOST has no effect: with it the library asks at addresses
 * that emulators do not have.
 */
export async function openBucket(name: string, settings: Pick<AcquireSettings, 'gcsEndpoint'>): Promise<Bucket> {
  const { Storage } = await import('@google-cloud/storage');
  const endpoint = settings.gcsEndpoint === '' ? OFFICIAL : settings.gcsEndpoint;
  const storage = new Storage({
    // The slash makes it another endpoint than the built-in and the emulator's, so that these two settings decide.
    apiEndpoint: `${endpoint}/`,
    useAuthWithCustomEndpoint: endpoint === OFFICIAL,
  });
  storage.baseUrl = `${endpoint}/storage/v1`;
  return storage.bucket(name);
}

/** The bucket and object of `gs://bucket/path/of/object`; undefined for other addresses. */
export function gsParts(url: string): { readonly bucket: string; readonly object: string } | undefined {
  const [, bucket, object] = /^gs:\/\/([^/]+)\/(.+)$/.exec(url) ?? [];
  return bucket === undefined || object === undefined ? undefined : { bucket, object };
}
