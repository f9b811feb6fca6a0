import { mkdir } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { RunError } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import { platformOf } from '../../src/system/platform.ts';
import { PINNED_RELEASE } from './releases.ts';

/** Which kind to fetch. */
export interface Wanted {
  /** `v0.33.0`, `latest` for the newest release, `ci` for the newest build, an address, or empty for the pinned release. */
  readonly version: string;
  /** The directory that holds kind's releases and builds, without a slash at its end. */
  readonly from: string;
}

/**
 * Downloads and verifies kind and puts it into the run dir, where hooks and tests find it too. Throws RunError when it
 * cannot be had, or is not what was published.
 */
export async function fetchKind(wanted: Wanted, run: Run, signal: AbortSignal): Promise<string> {
  const { openAcquirer } = await import('../../src/download/open-downloader.ts');
  const { os, arch: machine } = platformOf({ platform: platform(), arch: arch() });
  const host = { os, arch: machine };
  const { url, sha256 } = await locate(wanted, `${os}-${machine}`, run, signal);
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

async function locate({ version, from }: Wanted, host: string, run: Run, signal: AbortSignal) {
  const file = `kind-${host}`;
  if (/^(https?|gs|file):\/\//.test(version)) return { url: version, sha256: undefined };
  // The build at this address changes: each run asks for its own copy, so that none gets one of yesterday's.
  if (version === 'ci') return { url: `${from}/latest/${file}?run=${encodeURIComponent(run.id)}`, sha256: undefined };
  const release = version === 'latest' ? await newestRelease(run, signal) : version || PINNED_RELEASE.version;
  const sha256 = release === PINNED_RELEASE.version ? PINNED_RELEASE.sha256[host] : undefined;
  return { url: `${from}/${release}/${file}`, sha256 };
}

const NEWEST = 'https://github.com/kubernetes-sigs/kind/releases/latest';

/** The release that GitHub's own address for the newest leads to. */
async function newestRelease(run: Run, signal: AbortSignal): Promise<string> {
  const { openSources } = await import('../../src/download/transfer/sources.ts');
  const { DEFAULT_RETRY_POLICY } = await import('../../src/http/retry.ts');
  if (run.acquire.offline)
    throw new RunError('--kind-version=latest: the newest release cannot be asked for --offline');
  const source = openSources(run.acquire, run.env, DEFAULT_RETRY_POLICY);
  try {
    const page = await source.open(NEWEST, { from: 0, signal });
    page.discard();
    return releaseAt(page.url);
  } finally {
    await source.close();
  }
}

/** The version in the address of a release's page. Throws RunError when there is none. */
export function releaseAt(url: string): string {
  const [, version] = /\/releases\/tag\/(v\d+\.\d+\.\d+[^/]*)$/.exec(url) ?? [];
  if (version === undefined) throw new RunError(`${NEWEST} led to ${url}, which is no release`);
  return version;
}
