import { isAbsolute, resolve } from 'node:path';
import type { Env } from '../api/env.ts';
import { UsageError } from '../api/errors.ts';
import { count, type FlagExtras, text, toggle, type Values } from '../api/flags.ts';
import type { AcquireSettings } from '../api/run.ts';

const GROUP = 'Downloads';
const twin = (name: string): FlagExtras => ({ group: GROUP, env: `KUBETEST2_${name}` });

/** The flags of everything that fetches files. Each has an environment twin. */
export const acquireFlags = {
  cacheDir: text(
    'Where downloads are kept. Default: kubetest2-ts in $XDG_CACHE_HOME or ~/.cache.',
    '',
    twin('CACHE_DIR'),
  ),
  offline: toggle('Fetch nothing: use what the cache has and fail for the rest.', false, twin('OFFLINE')),
  pins: text(
    'A file written by the pin command; whatever is fetched must be in it and match its digest.',
    '',
    twin('PINS'),
  ),
  allowUnverified: toggle(
    'Accept files for which no checksum is published, and plain http. Warns, and is recorded.',
    false,
    twin('ALLOW_UNVERIFIED'),
  ),
  downloadConnections: count(
    'Connections at once for one large file, where the server can send parts.',
    4,
    twin('DOWNLOAD_CONNECTIONS'),
  ),
  gcsEndpoint: text(
    'Where gs:// goes instead of https://storage.googleapis.com, for emulators.',
    '',
    twin('GCS_ENDPOINT'),
  ),
};

/** Where the settings' relative paths and defaults are meant from. */
export interface AcquireWorld {
  readonly env: Env;
  /** Absolute. */
  readonly cwd: string;
  /** The user's home folder. */
  readonly home: string;
}

/** The settings behind the flags, with absolute paths. Throws UsageError for values that cannot work. */
export function acquireSettings(
  values: Values<typeof acquireFlags>,
  { env, cwd, home }: AcquireWorld,
): AcquireSettings {
  const { cacheDir, pins, downloadConnections, gcsEndpoint } = values;
  if (downloadConnections < 1 || downloadConnections > 64)
    throw new UsageError(`--download-connections: ${downloadConnections} is not between 1 and 64`);
  if (gcsEndpoint !== '' && !/^https?:\/\/[^/]/.test(gcsEndpoint))
    throw new UsageError(`--gcs-endpoint: ${JSON.stringify(gcsEndpoint)} is not a http or https address`);
  // The XDG specification: a path that is not absolute counts as unset.
  const xdg = env['XDG_CACHE_HOME'] ?? '';
  const caches = isAbsolute(xdg) ? xdg : resolve(home, '.cache');
  return {
    cacheDir: cacheDir === '' ? resolve(caches, 'kubetest2-ts') : resolve(cwd, cacheDir),
    offline: values.offline,
    pins: pins === '' ? '' : resolve(cwd, pins),
    allowUnverified: values.allowUnverified,
    downloadConnections,
    gcsEndpoint: gcsEndpoint.replace(/\/+$/, ''),
  };
}
