import { createHash } from 'node:crypto';
import type { Env } from '../api/env.ts';
import { RunError } from '../api/errors.ts';
import type { Log } from '../api/log.ts';
import type { AcquireSettings } from '../api/run.ts';
import { DEFAULT_RETRY_POLICY, retry } from '../http/retry.ts';
import type { Platform } from '../system/platform.ts';
import { redactUrl } from '../text/redact-url.ts';
import type { ResolvedVersion } from './downloader.ts';
import { openAcquirer } from './open-downloader.ts';
import type { Pin, Pins } from './pins.ts';
import { publishedChecksum } from './published-checksum.ts';
import { fetchObject } from './transfer/fetch-object.ts';
import { fetchText } from './transfer/fetch-text.ts';
import type { Source } from './transfer/source.ts';
import { openSources } from './transfer/sources.ts';

/** The files that a run with the ginkgo or node tester fetches; OS and ARCH stand for the platform. */
const FILES = ['kubernetes-test-OS-ARCH.tar.gz', 'bin/OS/ARCH/kubectl'];

export interface PinOptions {
  readonly env: Env;
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly platforms: readonly Platform[];
  /** Files of each version, with OS and ARCH for the platform. Default: the test package and kubectl. */
  readonly files?: readonly string[];
}

/**
 * The pins of the files that a run with these versions or markers fetches. Files without a published sha512 are read once.
 * Throws RunError for a file without a published checksum, and what resolving or reading throws.
 */
export async function pinVersions(
  versions: readonly string[],
  settings: AcquireSettings,
  options: PinOptions,
): Promise<Pins> {
  const { env, signal, log, platforms, files = FILES } = options;
  const unpinned = { ...settings, pins: '', offline: false };
  const acquirer = openAcquirer(unpinned, { env, log, records: { event: () => undefined } });
  const source = openSources(unpinned, env, DEFAULT_RETRY_POLICY);
  try {
    const markers: Record<string, string> = {};
    const pins: Pin[] = [];
    for (const version of versions) {
      const resolved = await acquirer.resolve(version, { signal });
      if (resolved.marker !== undefined) markers[redactUrl(resolved.marker)] = resolved.version;
      for (const url of urlsOf(resolved, platforms, files)) pins.push(await pinUrl(url, source, options));
    }
    return { schema: 1, markers, files: pins };
  } finally {
    await acquirer.close();
    await source.close();
  }
}

function urlsOf({ root }: ResolvedVersion, platforms: readonly Platform[], files: readonly string[]): Set<string> {
  const urls = platforms.flatMap(({ os, arch: cpu }) =>
    files.map((file) => `${root}/${file.replaceAll('OS', os).replaceAll('ARCH', cpu)}`),
  );
  return new Set(urls);
}

async function pinUrl(url: string, source: Source, { signal, log }: PinOptions): Promise<Pin> {
  const shown = redactUrl(url);
  const published = await publishedChecksum(url, (each) => fetchText(each, source, DEFAULT_RETRY_POLICY, signal));
  if (published === undefined) throw new RunError(`no checksum published for ${shown}`);
  const size = await sizeOf(url, source, signal);
  log.info(`Pinning ${shown} (${published.algorithm} from ${published.from})`);
  if (published.algorithm === 'sha512' && size !== undefined) return { url, sha512: published.hex, size };
  // Without a published sha512 the content is read to compute it.
  const sha512 = createHash('sha512');
  const fetched = await fetchObject(
    { url, shown },
    {
      signal,
      source,
      policy: DEFAULT_RETRY_POLICY,
      connections: 1,
      log,
      expected: published,
      size: undefined,
      open: async () => ({
        write: async (chunk) => void sha512.update(chunk),
        end: async () => new Map(),
        destroy: async () => undefined,
      }),
    },
  );
  return { url, sha512: sha512.digest('hex'), size: fetched.size };
}

async function sizeOf(url: string, source: Source, signal: AbortSignal): Promise<number | undefined> {
  const body = await retry(() => source.open(url, { from: 0, to: 1, signal }), DEFAULT_RETRY_POLICY, signal);
  body.discard();
  return body.total;
}
