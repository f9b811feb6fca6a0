import { relative } from 'node:path';
import type { AcquireSettings } from '../api/run.ts';
import { DEFAULT_RETRY_POLICY } from '../http/retry.ts';
import { tellRetries } from '../http/retry-log.ts';
import { redactUrl } from '../text/redact-url.ts';
import { openCache } from './cache/cache.ts';
import { place } from './cache/place.ts';
import { WHOLE } from './cache-entry.ts';
import type { Acquirer, AcquirerWorld, FileOptions, ResolvedVersion } from './downloader.ts';
import { fetchRequest } from './fetch-request.ts';
import { type CachedFiles, fetchVerified } from './fetch-verified.ts';
import { openNotes } from './notes.ts';
import { type Pins, pinOf, readPins } from './pins.ts';
import { fetchText } from './transfer/fetch-text.ts';
import { openSources } from './transfer/sources.ts';
import { readMarker } from './version-marker.ts';
import { parseVersionName, resolvedAt } from './version-name.ts';

/** Opens the downloader with a run's settings. Neither the disk nor the network is used before the first file. */
export function openAcquirer(settings: AcquireSettings, world: AcquirerWorld): Acquirer {
  const policy = { ...DEFAULT_RETRY_POLICY, onRetry: tellRetries(world), ...world.retryPolicy };
  const source = openSources(settings, world.env, policy);
  const cache = openCache(settings.cacheDir);
  let pinned: Promise<Pins> | undefined;
  const pins = async (): Promise<Pins | undefined> => {
    if (settings.pins === '') return undefined;
    pinned ??= readPins(settings.pins, settings.readPins);
    return pinned;
  };
  const text = (url: string, signal: AbortSignal): Promise<string> => fetchText(url, source, policy, signal);
  const get = async (
    url: string,
    members: readonly string[] | undefined,
    { signal, expectBinaryFor: platform, sha256 }: FileOptions,
  ): Promise<CachedFiles> => {
    const list = await pins();
    const pin = list && pinOf(list, url);
    const request = await fetchRequest({ url, members, pin, sha256, platform, signal }, settings);
    return fetchVerified(request, { settings, world, policy, source, cache, text });
  };

  /** Markers that are being read or were read, so that all callers in this run get the same version. */
  const markers = new Map<string, Promise<string>>();
  const version = async (marker: string, signal: AbortSignal): Promise<string> => {
    const fact = `version of ${redactUrl(marker)}`;
    const known = world.state?.recall(fact) ?? (await pins())?.markers[marker];
    if (known !== undefined) return known;
    const found = await readMarker(marker, {
      cache,
      offline: settings.offline,
      log: world.log,
      text: (url) => text(url, signal),
    });
    // Another process of this run may have recorded it first; there is no await between this check and `remember`.
    const first = world.state?.recall(fact);
    if (first !== undefined) return first;
    await world.state?.remember({ [fact]: found });
    world.log.info(`Resolved ${redactUrl(marker)} to ${found}`);
    world.records.event('resolved', { url: redactUrl(marker), version: found });
    return found;
  };

  return {
    resolve: async (name, { base, signal }): Promise<ResolvedVersion> => {
      const parsed = parseVersionName(name, base);
      if ('resolved' in parsed) return parsed.resolved;
      const { marker } = parsed;
      const reading = markers.get(marker) ?? version(marker, signal);
      markers.set(marker, reading);
      try {
        return { ...resolvedAt(await reading, parsed.base), marker };
      } catch (error) {
        markers.delete(marker);
        throw error;
      }
    },
    file: async (url, options) => {
      const { [WHOLE]: file } = await get(url, undefined, options);
      if (file === undefined) throw new Error(`no file for ${redactUrl(url)}`);
      return file;
    },
    members: (url, names, options) => get(url, [...new Set(names)], options),
    place: (cached, destination, { copy = false } = {}) =>
      place(cached.path, destination, copy || isBelow(world.artifacts, destination)),
    notes: (cached) => openNotes(cached, cache),
    close: () => source.close(),
  };
}

const isBelow = (directory: string | undefined, path: string): boolean =>
  directory !== undefined && !/^\.\.(?:\/|$)/.test(relative(directory, path));
