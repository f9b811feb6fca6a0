import type { Env } from '../../api/env.ts';
import type { AcquireSettings } from '../../api/run.ts';
import type { Pace } from '../../http/retry.ts';
import { fileSource } from './file-source.ts';
import { gcsSource } from './gcs-source.ts';
import { httpSource } from './http-source.ts';
import type { Source } from './source.ts';

/** All sources behind one: https and http, gs, file, by the scheme of the address. */
export function openSources(settings: AcquireSettings, env: Env, pace: Pace): Source {
  const http = httpSource({
    env,
    pace,
    connections: settings.downloadConnections,
    insecure: (url) => {
      // A pin says what the bytes must be, whoever carries them. An endpoint was chosen with its scheme.
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
