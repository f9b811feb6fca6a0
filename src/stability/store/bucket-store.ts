import type { Env } from '../../api/env.ts';
import type { AcquireSettings } from '../../api/run.ts';
import { gcsSource } from '../../download/transfer/gcs-source.ts';
import { httpSource } from '../../download/transfer/http-source.ts';
import { endpointOf } from '../../gcs/client.ts';
import { type ListedObject, listObjects } from '../../gcs/list.ts';
import { type GcsRequest, openRequests } from '../../gcs/request.ts';
import { DEFAULT_RETRY_POLICY, FetchError, retry } from '../../http/retry.ts';
import { type Entries, isBuildFile, type Store, type StoredFile } from './store.ts';

const POLICY = { ...DEFAULT_RETRY_POLICY, attempts: 5 };

/** Opens a bucket of Cloud Storage, or of the emulator at `--gcs-endpoint`. @param connections how many requests run at once */
export function openBucketStore(
  bucket: string,
  settings: Pick<AcquireSettings, 'gcsEndpoint'>,
  env: Env,
  connections: number,
): Store {
  const endpoint = endpointOf(settings);
  const { origin } = new URL(endpoint);
  const http = httpSource({ env, policy: POLICY, connections, insecure: (url) => new URL(url).origin === origin });
  const objects = gcsSource(settings, http);
  let opened: Promise<GcsRequest> | undefined;
  const list = async (query: Parameters<typeof listObjects>[3], signal: AbortSignal) => {
    opened ??= openRequests(settings, env);
    return await listObjects(await opened, endpoint, bucket, query, signal);
  };
  return {
    address: `gs://${bucket}`,
    key: `${endpoint}/${bucket}`,
    entries: async (directory, from, signal) => {
      const startOffset = from === '' ? {} : { startOffset: directory + from };
      const found = await list({ prefix: directory, delimiter: '/', ...startOffset }, signal);
      return entriesOf(found.directories, found.objects, directory);
    },
    buildFiles: async (directory, signal) => {
      const found = await list({ prefix: directory }, signal);
      return found.objects.map(fileOf).filter(({ path }) => isBuildFile(path.slice(directory.length)));
    },
    read: async (path, take, signal) =>
      await retry(
        async () => {
          const url = `gs://${bucket}/${path}`;
          const body = await objects.open(url, { from: 0, signal });
          return await take(whole(url, body.bytes, body.total));
        },
        POLICY,
        signal,
      ),
    close: async () => await http.close(),
  };
}

function entriesOf(directories: readonly string[], objects: readonly ListedObject[], parent: string): Entries {
  return {
    directories: directories.map((each) => each.slice(parent.length).replace(/\/$/, '')),
    files: objects.map(fileOf),
  };
}

const fileOf = ({ name, size, metadata }: ListedObject): StoredFile => ({ path: name, size, link: metadata['link'] });

/** A body that ends too early is worth another try. */
async function* whole(
  url: string,
  bytes: AsyncIterable<Uint8Array>,
  total: number | undefined,
): AsyncGenerator<Uint8Array> {
  let read = 0;
  for await (const chunk of bytes) {
    read += chunk.length;
    yield chunk;
  }
  if (total !== undefined && read < total)
    throw new FetchError(`${url}: ended after ${read} of ${total} bytes`, { retryable: true });
}
