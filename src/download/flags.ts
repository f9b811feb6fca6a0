import { readFile } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import type { Env } from '../api/env.ts';
import { UsageError } from '../api/errors.ts';
import { count, type FlagExtras, text, toggle, type Values } from '../api/flags.ts';
import type { AcquireSettings } from '../api/run.ts';

const GROUP = 'Downloads';
const withEnv = (name: string): FlagExtras => ({ group: GROUP, env: `KUBETEST2_${name}` });

/** The flags of everything that fetches files. Each has an environment variable of the same name. */
export const acquireFlags = {
  cacheDir: text(
    'Directory of the download cache. Default: kubetest2-ts in $XDG_CACHE_HOME or ~/.cache.',
    '',
    withEnv('CACHE_DIR'),
  ),
  offline: toggle('Use only cached files; fail if a file is missing.', false, withEnv('OFFLINE')),
  pins: text(
    'Pins file written by the pin command. Only files listed in it are fetched, and their checksums must match.',
    '',
    withEnv('PINS'),
  ),
  allowUnverified: toggle(
    'Accept files without a published checksum, and plain http. Each is logged as a warning and recorded.',
    false,
    withEnv('ALLOW_UNVERIFIED'),
  ),
  downloadConnections: count(
    'Parallel connections for one large file, if the server supports ranges.',
    4,
    withEnv('DOWNLOAD_CONNECTIONS'),
  ),
  gcsEndpoint: text(
    'URL of the Cloud Storage endpoint for gs://, for emulators. Default: https://storage.googleapis.com.',
    '',
    withEnv('GCS_ENDPOINT'),
  ),
};

/** What relative paths and defaults of the settings are resolved against. */
export interface AcquireWorld {
  readonly env: Env;
  /** Absolute. */
  readonly cwd: string;
  /** The user's home directory. */
  readonly home: string;
}

/** The settings of the flags, with absolute paths. Throws UsageError for invalid values. */
export function acquireSettings(
  values: Values<typeof acquireFlags>,
  { env, cwd, home }: AcquireWorld,
): AcquireSettings {
  const { cacheDir, pins, downloadConnections, gcsEndpoint } = values;
  let pinsText: Promise<string> | undefined;
  if (downloadConnections < 1 || downloadConnections > 64)
    throw new UsageError(`invalid --download-connections ${downloadConnections}: expected a number from 1 to 64`);
  if (gcsEndpoint !== '' && !/^https?:\/\/[^/]/.test(gcsEndpoint))
    throw new UsageError(`invalid --gcs-endpoint ${JSON.stringify(gcsEndpoint)}: expected an http or https URL`);
  // By the XDG specification a relative path counts as not set.
  const xdg = env['XDG_CACHE_HOME'] ?? '';
  const caches = isAbsolute(xdg) ? xdg : resolve(home, '.cache');
  return {
    cacheDir: cacheDir === '' ? resolve(caches, 'kubetest2-ts') : resolve(cwd, cacheDir),
    offline: values.offline,
    pins: pins === '' ? '' : resolve(cwd, pins),
    readPins: () => {
      pinsText ??= readFile(resolve(cwd, pins), 'utf8');
      return pinsText;
    },
    allowUnverified: values.allowUnverified,
    downloadConnections,
    gcsEndpoint: gcsEndpoint.replace(/\/+$/, ''),
  };
}
