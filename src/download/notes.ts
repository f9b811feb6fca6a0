import type { Cache, Content } from './cache/cache.ts';
import type { Notes } from './downloader.ts';

/** The notes of a cached file. An unreadable note counts as missing; failures to write are ignored. */
export function openNotes(content: Content, cache: Cache): Notes {
  return {
    read: async (name) => {
      const text = await cache.readNote(content, name);
      try {
        return text === undefined ? undefined : JSON.parse(text);
      } catch {
        return undefined;
      }
    },
    write: async (name, value) => {
      // The cache may be read-only.
      await cache.writeNote(content, name, JSON.stringify(value)).catch(() => undefined);
    },
  };
}
