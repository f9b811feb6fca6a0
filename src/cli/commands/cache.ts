import { UsageError } from '../../api/errors.ts';
import { duration, type Flag, fallbacks, optional, type Values } from '../../api/flags.ts';
import { type Cache, openCache, verifyContent } from '../../download/cache/cache.ts';
import { prune } from '../../download/cache/prune.ts';
import { surveyContent, surveyIndex, surveyUnfinished } from '../../download/cache/usage.ts';
import { acquireFlags, acquireSettings } from '../../download/flags.ts';
import { megabytes } from '../../download/transfer/progress.ts';
import { pruneBuilds, surveyBuilds, verifyBuilds } from '../../stability/history/build-cache.ts';
import { type CommandWorld, defineCommand } from './command.ts';

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  t: 1e12,
  ki: 2 ** 10,
  mi: 2 ** 20,
  gi: 2 ** 30,
  ti: 2 ** 40,
};

/** A number of bytes: `500M`, `20Gi`, `1048576`. */
const bytes = (help: string): Flag<number> => ({
  hint: 'size',
  help,
  fallback: 0,
  parse: (text) => {
    const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*([kmgt]i?)?b?$/i.exec(text) ?? [];
    if (number === undefined) throw new Error('a size such as 500M or 20Gi');
    return Number(number) * (UNITS[unit.toLowerCase()] ?? 1);
  },
  shown: '',
  more: {},
});

const flags = {
  olderThan: optional(duration('prune: remove files that were not used for this long, for instance 168h.')),
  maxSize: optional(
    bytes(
      'prune: remove the least recently used files until the cache is this small, for instance 20Gi. Files used in the ' +
        'last 24 hours are kept.',
    ),
  ),
};

const VERBS = ['list', 'verify', 'prune'] as const;

export const cache = defineCommand({
  usage: ['cache list', 'cache verify', 'cache prune [flags]'],
  about:
    'Lists, verifies or prunes cached downloads. verify removes files that do not match their checksum, and exits 1 if ' +
    'there was one.',
  examples: ['kubetest2-ts cache prune --older-than=168h --max-size=20Gi'],
  flags: { ...flags, cacheDir: acquireFlags.cacheDir },
  args: [1, 1],
  argChoices: [VERBS],
  run: async ({ flags: values, args: [verb] }, world) => {
    const { cacheDir } = acquireSettings({ ...fallbacks(acquireFlags), cacheDir: values.cacheDir }, world);
    const cache = openCache(cacheDir);
    if (verb === 'list') return await listEntries(cache, cacheDir, world);
    if (verb === 'verify') return await verifyAll(cache, cacheDir, world);
    if (verb === 'prune') return await pruneCache(cache, cacheDir, values, world);
    throw new UsageError(`cache: unknown command ${JSON.stringify(verb)}: expected ${VERBS.join(', ')}`);
  },
});

async function pruneCache(
  cache: Cache,
  cacheDir: string,
  { olderThan, maxSize }: Values<typeof flags>,
  { stdout, openSession }: CommandWorld,
): Promise<number> {
  using session = await openSession();
  const now = Date.now();
  const done = await prune(cache, { olderThan, maxSize, now, signal: session.signals.work });
  const room = maxSize === undefined ? undefined : Math.max(0, maxSize - done.left);
  const builds = await pruneBuilds(cacheDir, { olderThan, maxSize: room, now });
  const removed = [counted(done.entries, 'entry', 'entries')];
  if (builds.builds > 0) removed.push(counted(builds.builds, 'condensed build', 'condensed builds'));
  const [bytes, left] = [done.bytes + builds.bytes, done.left + builds.left];
  stdout.write(`removed ${removed.join(' and ')} (${megabytes(bytes)} MB), ${megabytes(left)} MB left\n`);
  return 0;
}

async function listEntries(cache: Cache, dir: string, { stdout }: CommandWorld): Promise<number> {
  const entries = await surveyIndex(cache);
  for (const { entry, used, contents } of entries) {
    const size = contents.reduce((sum, content) => sum + content.size, 0);
    const members = Object.keys(entry.members);
    const what = members.length > 0 ? ` (${members.join(', ')})` : '';
    stdout.write(
      `${new Date(used).toISOString()} ${megabytes(size).padStart(8)} MB ${entry.verified.padEnd(7)} ${entry.url}${what}\n`,
    );
  }
  const stored = await surveyContent(cache);
  const size = stored.reduce((sum, each) => sum + each.size, 0);
  const [known, files] = [counted(entries.length, 'entry', 'entries'), counted(stored.length, 'file', 'files')];
  stdout.write(`${known}, ${files}, ${megabytes(size)} MB in ${dir}\n`);
  const unfinished = await surveyUnfinished(cache);
  const begun = unfinished.reduce((sum, each) => sum + each.size, 0);
  const downloads = counted(unfinished.length, 'unfinished download', 'unfinished downloads');
  if (unfinished.length > 0) stdout.write(`${downloads}, ${megabytes(begun)} MB\n`);
  const kept = await surveyBuilds(dir);
  const builds = counted(kept.filter(({ isBuild }) => isBuild).length, 'condensed build', 'condensed builds');
  if (kept.length > 0) stdout.write(`${builds}, ${megabytes(kept.reduce((sum, each) => sum + each.size, 0))} MB\n`);
  return 0;
}

function counted(count: number, one: string, more: string): string {
  return `${count} ${count === 1 ? one : more}`;
}

async function verifyAll(cache: Cache, dir: string, { stdout, openSession }: CommandWorld): Promise<number> {
  using session = await openSession();
  const stored = await surveyContent(cache);
  let wrong = 0;
  const builds = await verifyBuilds(dir);
  for (const [at, { path, sha256 }] of stored.entries()) {
    session.log.progress(`Verifying file ${at + 1} of ${stored.length}`);
    if (await verifyContent(path, sha256, session.signals.work)) continue;
    wrong += 1;
    stdout.write(`removed ${path}: checksum mismatch\n`);
  }
  for (const path of builds) stdout.write(`removed ${path}: it cannot be read\n`);
  session.log.progress(undefined);
  stdout.write(`${stored.length - wrong} of ${stored.length} files verified\n`);
  return wrong + builds.length === 0 ? 0 : 1;
}
