import type { AcquireSettings } from '../api/run.ts';
import { DEFAULT_PACE } from '../http/retry.ts';
import { redactUrl } from '../text/redact-url.ts';
import { openCache } from './cache/cache.ts';
import { place } from './cache/place.ts';
import { ITSELF } from './cache-entry.ts';
import type { Acquirer, AcquirerWorld, FileOptions, Resolved } from './downloader.ts';
import { acquire, type Found } from './fetch-verified.ts';
import { openNotes } from './notes.ts';
import { type Pins, pinOf, readPins } from './pins.ts';
import { meaningOf, rooted } from './resolve-version.ts';
import { fetchText } from './transfer/fetch-text.ts';
import { openSources } from './transfer/sources.ts';
import { readMarker } from './version-marker.ts';

/** Opens fetching with a run's settings. Cheap: neither the disk nor the network is touched before the first file. */
export function openAcquirer(settings: AcquireSettings, world: AcquirerWorld): Acquirer {
  const pace = { ...DEFAULT_PACE, ...world.pace };
  const source = openSources(settings, world.env, pace);
  const cache = openCache(settings.cacheDir);
  let pinned: Promise<Pins> | undefined;
  const pins = async (): Promise<Pins | undefined> => {
    if (settings.pins === '') return undefined;
    pinned ??= readPins(settings.pins);
    return pinned;
  };
  const text = (url: string, signal: AbortSignal): Promise<string> => fetchText(url, source, pace, signal);
  const get = async (url: string, members: readonly string[] | undefined, options: FileOptions): Promise<Found> => {
    const { signal, expectBinaryFor: platform, sha256 } = options;
    const list = await pins();
    const pin = list && pinOf(list, url);
    return acquire({ url, members, pin, sha256, platform, signal }, { settings, world, pace, source, cache, text });
  };

  /** What is being read now or was read before, so that all who ask in this run get the same answer. */
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
    // Somebody else of this run may have been first; between this question and the answer nobody else gets a turn.
    const first = world.state?.recall(fact);
    if (first !== undefined) return first;
    await world.state?.remember({ [fact]: found });
    world.log.info(`${redactUrl(marker)} is ${found}`);
    world.records.event('resolved', { url: redactUrl(marker), version: found });
    return found;
  };

  return {
    resolve: async (name, { base, signal }): Promise<Resolved> => {
      const meaning = meaningOf(name, base);
      if ('resolved' in meaning) return meaning.resolved;
      const { marker } = meaning;
      const reading = markers.get(marker) ?? version(marker, signal);
      markers.set(marker, reading);
      try {
        return { ...rooted(await reading, meaning.base), marker };
      } catch (error) {
        markers.delete(marker);
        throw error;
      }
    },
    file: async (url, options) => {
      const { [ITSELF]: file } = await get(url, undefined, options);
      if (file === undefined) throw new Error(`${url}: neither found nor refused`);
      return file;
    },
    members: (url, names, options) => get(url, [...new Set(names)], options),
    place: (cached, destination, { copy = false } = {}) => place(cached.path, destination, copy),
    notes: (cached) => openNotes(cached, cache),
    close: () => source.close(),
  };
}
