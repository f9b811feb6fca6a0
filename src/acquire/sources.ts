import type { AcquireSettings, Env } from '../run.ts';
import { fileSource } from './file-source.ts';
import { gcsSource } from './gcs-source.ts';
import { httpSource } from './http.ts';
import type { Pace } from './retry.ts';
import type { Source } from './source.ts';

/** All sources behind one: https and http, gs, file, by the scheme of the address. */
export function openSources(settings: AcquireSettings, env: Env, pace: Pace): Source {
  const http = httpSource({
    env,
    pace,
    connections: settings.downloadConnections,
    // A pin says what the bytes must be, whoever carries them.
    insecure: settings.allowUnverified || settings.pins !== '',
  });
  const gcs = gcsSource(settings);
  const choose = (url: string): Source => {
    if (url.startsWith('gs://')) return gcs;
    return url.startsWith('file://') ? fileSource : http;
  };
  return { open: (url, ask) => choose(url).open(url, ask), close: () => http.close() };
}
