import type { Cache, Content } from './cache/cache.ts';
import type { Notes } from './downloader.ts';

/** What is noted of a file of the cache. One that cannot be read is none, and one that cannot be written is not missed. */
export function openNotes(content: Content, cache: Cache): Notes {
  return {
    read: async (name) => {
      const text = await cache.noted(content, name);
      try {
        return text === undefined ? undefined : JSON.parse(text);
      } catch {
        return undefined;
      }
    },
    write: async (name, value) => {
      // A read-only cache is a cache too.
      await cache.note(content, name, JSON.stringify(value)).catch(() => undefined);
    },
  };
}
