import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { RunError } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import { hostPlatform } from '../../src/system/platform.ts';
import { PINNED_RELEASE } from './releases.ts';

/** The kind release to download. */
export interface KindRelease {
  /** `v0.33.0`, `latest` for the newest release, `ci` for the newest build, a URL, or empty for the pinned release. */
  readonly version: string;
  /** The URL of the directory with kind's releases and builds, without a trailing slash. */
  readonly from: string;
}

/**
 * Downloads and verifies kind and puts it into the run directory, where hooks and tests find it too. Throws RunError when
 * the download or its verification fails.
 */
export async function fetchKind(release: KindRelease, run: Run, signal: AbortSignal): Promise<string> {
  const { openAcquirer } = await import('../../src/download/open-downloader.ts');
  const host = hostPlatform();
  const { url, sha256 } = await locate(release, `${host.os}-${host.arch}`, run, signal);
  const acquirer = openAcquirer(run.acquire, run);
  try {
    const cached = await acquirer.file(url, { signal, expectBinaryFor: host, ...(sha256 && { sha256 }) });
    await mkdir(run.dir, { recursive: true });
    const program = join(run.dir, 'kind');
    await acquirer.place(cached, program);
    await run.records.metadata({ 'kind-url': cached.url, 'kind-sha256': cached.sha256 });
    return program;
  } finally {
    await acquirer.close();
  }
}

async function locate({ version, from }: KindRelease, host: string, run: Run, signal: AbortSignal) {
  const file = `kind-${host}`;
  if (/^(https?|gs|file):\/\//.test(version)) return { url: version, sha256: undefined };
  // The build at this URL changes: each run downloads its own copy, so that none uses a cached old one.
  if (version === 'ci') return { url: `${from}/latest/${file}?run=${encodeURIComponent(run.id)}`, sha256: undefined };
  const release = version === 'latest' ? await newestRelease(run, signal) : version || PINNED_RELEASE.version;
  const sha256 = release === PINNED_RELEASE.version ? PINNED_RELEASE.sha256[host] : undefined;
  return { url: `${from}/${release}/${file}`, sha256 };
}

const NEWEST = 'https://github.com/kubernetes-sigs/kind/releases/latest';

/** The release that GitHub's URL for the newest one redirects to. */
async function newestRelease(run: Run, signal: AbortSignal): Promise<string> {
  const { openSources } = await import('../../src/download/transfer/sources.ts');
  const { DEFAULT_RETRY_POLICY } = await import('../../src/http/retry.ts');
  if (run.acquire.offline)
    throw new RunError('cannot resolve --kind-version=latest with --offline: specify a release, such as v0.33.0');
  const source = openSources(run.acquire, run.env, DEFAULT_RETRY_POLICY);
  try {
    const page = await source.open(NEWEST, { from: 0, signal });
    page.discard();
    return releaseAt(page.url);
  } finally {
    await source.close();
  }
}

/** The version in the URL of a release's page. Throws RunError when there is none. */
export function releaseAt(url: string): string {
  const [, version] = /\/releases\/tag\/(v\d+\.\d+\.\d+[^/]*)$/.exec(url) ?? [];
  if (version === undefined)
    throw new RunError(`cannot find the newest release of kind: ${NEWEST} redirects to ${url}`);
  return version;
}
