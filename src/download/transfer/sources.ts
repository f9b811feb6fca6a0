import type { Env } from '../../api/env.ts';
import type { AcquireSettings } from '../../api/run.ts';
import type { RetryPolicy } from '../../http/retry.ts';
import { fileSource } from './file-source.ts';
import { gcsSource } from './gcs-source.ts';
import { httpSource } from './http-source.ts';
import type { Source } from './source.ts';

/** One source for all protocols: https, http, gs and file, by the scheme of the URL. */
export function openSources(settings: AcquireSettings, env: Env, policy: RetryPolicy): Source {
  const http = httpSource({
    env,
    policy,
    connections: settings.downloadConnections,
    insecure: (url) => {
      // A pinned checksum protects plain http too. The scheme of an endpoint was chosen with it.
      if (settings.allowUnverified || settings.pins !== '') return true;
      return settings.gcsEndpoint !== '' && new URL(url).origin === new URL(settings.gcsEndpoint).origin;
    },
  });
  const gcs = gcsSource(settings, http);
  const choose = (url: string): Source => {
    if (url.startsWith('gs://')) return gcs;
    return url.startsWith('file://') ? fileSource : http;
  };
  return { open: (url, ask) => choose(url).open(url, ask), close: () => http.close() };
}
