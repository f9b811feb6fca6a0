import { existsSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cacheKey, openCache } from '../../../src/download/cache/cache.ts';
import { prune } from '../../../src/download/cache/prune.ts';
import { tempDirectory } from '../../helpers/downloader.ts';

const HOUR = 3600e3;
const key = cacheKey('https://h/x');

async function oldEntry() {
  const cache = openCache(tempDirectory());
  await cache.write(key, { schema: 1, url: 'https://h/x', size: 1, digests: {}, verified: 'sha256', members: {} });
  const index = join(cache.dir, 'index', `${key}.json`);
  const old = new Date(Date.now() - 48 * HOUR);
  utimesSync(index, old, old);
  return { cache, index };
}

const options = () => ({
  olderThan: 24 * HOUR,
  maxSize: undefined,
  now: Date.now(),
  signal: new AbortController().signal,
});

test('an entry that was not used for too long is removed', async () => {
  const { cache, index } = await oldEntry();
  expect(await prune(cache, options())).toMatchObject({ entries: 1 });
  expect(existsSync(index)).toBe(false);
  expect(await cache.touch(key)).toBe(false);
});

test('an entry that is used between the survey and the removal stays', async () => {
  const { cache, index } = await oldEntry();
  const { dir } = cache;
  let looks = 0;
  const usedMeanwhile = {
    ...cache,
    // The first look is the survey, the second one the removal.
    get dir() {
      looks += 1;
      const now = new Date();
      if (looks === 2) utimesSync(index, now, now);
      return dir;
    },
  };
  expect(await prune(usedMeanwhile, options())).toMatchObject({ entries: 0 });
  expect(looks).toBeGreaterThan(2);
  expect(existsSync(index)).toBe(true);
  expect(await cache.touch(key)).toBe(true);
});
