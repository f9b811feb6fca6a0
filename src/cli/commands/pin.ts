import { createHash } from 'node:crypto';
import { arch, platform } from 'node:os';
import { RunError, UsageError } from '../../api/errors.ts';
import { each, list } from '../../api/flags.ts';
import type { Resolved } from '../../download/downloader.ts';
import { acquireFlags } from '../../download/flags.ts';
import { openAcquirer } from '../../download/open-downloader.ts';
import type { Pin, Pins } from '../../download/pins.ts';
import { publishedChecksum } from '../../download/published-checksum.ts';
import { fetchObject } from '../../download/transfer/fetch-object.ts';
import { fetchText } from '../../download/transfer/fetch-text.ts';
import type { Source } from '../../download/transfer/source.ts';
import { openSources } from '../../download/transfer/sources.ts';
import { DEFAULT_PACE, retried } from '../../http/retry.ts';
import { type Platform, parsePlatform, platformOf } from '../../system/platform.ts';
import { shownUrl } from '../../text/redact-url.ts';
import { renderHelp } from '../flags/help.ts';
import { asksHelp, type CommandWorld, readCommand } from './download-command.ts';

const flags = {
  platform: list('The platforms to pin for, OS/ARCH; this machine’s when absent.'),
  file: each(
    'A file of the version to pin instead of the test package and kubectl; OS and ARCH in it stand for the platform.',
  ),
};

/** What a run with the ginkgo or node tester fetches. */
const FILES = ['kubernetes-test-OS-ARCH.tar.gz', 'bin/OS/ARCH/kubectl'];

/** The help of the `pin` command. */
export const pinHelp = (program: string): string =>
  renderHelp({
    program: `${program} pin`,
    usage: ['VERSION... [flags] > pins.json'],
    about:
      'Writes the addresses, sizes and sha512 digests of what a run fetches for these versions or markers. ' +
      'With --pins FILE a run fetches exactly these bytes and nothing else.',
    sections: [
      { title: 'Flags', flags },
      { title: 'Downloads', flags: acquireFlags },
    ],
  });

/** `pin VERSION… [--platform OS/ARCH…]`: writes a pins file to stdout. Gives the exit code; throws UsageError and RunError. */
export async function pinCommand(words: readonly string[], world: CommandWorld): Promise<number> {
  if (asksHelp(words)) {
    world.stdout(pinHelp('kubetest2-ts'));
    return 0;
  }
  const { settings, values, words: versions } = readCommand(flags, words, world);
  if (versions.length === 0) throw new UsageError('pin needs a version or marker, for instance v1.36.1 or ci/latest');
  const platforms =
    values.platform.length > 0
      ? values.platform.map(parsePlatform)
      : [platformOf({ platform: platform(), arch: arch() })];
  const files = values.file.length > 0 ? values.file : FILES;
  const free = { ...settings, pins: '', offline: false };
  const acquirer = openAcquirer(free, { ...world, event: () => undefined });
  const source = openSources(free, world.env, DEFAULT_PACE);
  try {
    const markers: Record<string, string> = {};
    const pins: Pin[] = [];
    for (const version of versions) {
      const resolved = await acquirer.resolve(version, { signal: world.signal });
      if (resolved.marker !== undefined) markers[shownUrl(resolved.marker)] = resolved.version;
      for (const url of addresses(resolved, platforms, files)) pins.push(await pinUrl(url, source, world));
    }
    world.stdout(`${JSON.stringify({ schema: 1, markers, files: pins } satisfies Pins, null, 2)}\n`);
    return 0;
  } finally {
    await acquirer.close();
    await source.close();
  }
}

function addresses({ root }: Resolved, platforms: readonly Platform[], files: readonly string[]): Set<string> {
  const urls = platforms.flatMap(({ os, arch: cpu }) =>
    files.map((file) => `${root}/${file.replaceAll('OS', os).replaceAll('ARCH', cpu)}`),
  );
  return new Set(urls);
}

async function pinUrl(url: string, source: Source, world: CommandWorld): Promise<Pin> {
  const { signal, log } = world;
  const published = await publishedChecksum(url, (address) => fetchText(address, source, DEFAULT_PACE, signal));
  if (published === undefined) throw new RunError(`${shownUrl(url)}: no checksum is published for it`);
  const size = await sizeOf(url, source, signal);
  log.info(`${shownUrl(url)}: ${published.algorithm} as ${published.from} says`);
  if (published.algorithm === 'sha512' && size !== undefined) return { url, sha512: published.hex, size };
  // Only what was read can be pinned by a digest that is not published.
  const sha512 = createHash('sha512');
  const fetched = await fetchObject(url, {
    signal,
    source,
    pace: DEFAULT_PACE,
    connections: 1,
    log,
    expected: published,
    size: undefined,
    open: async () => ({
      write: async (chunk) => void sha512.update(chunk),
      end: async () => new Map(),
      destroy: async () => undefined,
    }),
  });
  return { url, sha512: sha512.digest('hex'), size: fetched.size };
}

async function sizeOf(url: string, source: Source, signal: AbortSignal): Promise<number | undefined> {
  const body = await retried(() => source.open(url, { from: 0, to: 1, signal }), DEFAULT_PACE, signal);
  body.discard();
  return body.total;
}
