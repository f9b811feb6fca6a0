import { UsageError } from '../../api/errors.ts';
import { duration, type Flag, optional } from '../../api/flags.ts';
import { type Cache, openCache, verifyContent } from '../../download/cache/cache.ts';
import { prune } from '../../download/cache/prune.ts';
import { surveyContent, surveyIndex, surveyUnfinished } from '../../download/cache/usage.ts';
import { acquireFlags } from '../../download/flags.ts';
import { megabytes } from '../../download/transfer/progress.ts';
import { renderHelp } from '../flags/help.ts';
import { asksHelp, type CommandWorld, readCommand } from './download-command.ts';

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
  parse: (typed) => {
    const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*([kmgt]i?)?b?$/i.exec(typed) ?? [];
    if (number === undefined) throw new Error('a size such as 500M or 20Gi');
    return Number(number) * (UNITS[unit.toLowerCase()] ?? 1);
  },
  shown: '',
  more: {},
});

const flags = {
  olderThan: optional(duration('prune: remove what was not used for so long, for instance 168h.')),
  maxSize: optional(
    bytes(
      'prune: remove the least recently used until so much is left, for instance 20Gi; nothing used in the last 24 hours.',
    ),
  ),
};

/** The help of the `cache` command. */
export const cacheHelp = (program: string): string =>
  renderHelp({
    program: `${program} cache`,
    usage: ['list', 'verify', 'prune [--older-than DURATION] [--max-size SIZE]'],
    about:
      'Shows the downloads that are kept, reads all of them again and removes those that are not what they were, ' +
      'or removes what is not needed any more. verify exits 1 when it had to remove something.',
    sections: [
      { title: 'Flags', flags },
      { title: 'Downloads', flags: { cacheDir: acquireFlags.cacheDir } },
    ],
  });

/** `cache list|verify|prune`. Gives the exit code; throws UsageError. */
export async function cacheCommand(words: readonly string[], world: CommandWorld): Promise<number> {
  if (asksHelp(words)) {
    world.stdout(cacheHelp('kubetest2-ts'));
    return 0;
  }
  const command = readCommand(flags, words, world);
  const cache = openCache(command.settings.cacheDir);
  switch (command.words.join(' ')) {
    case 'list':
      return listEntries(cache, command.settings.cacheDir, world);
    case 'verify':
      return verifyAll(cache, world);
    case 'prune': {
      const { olderThan, maxSize } = command.values;
      const done = await prune(cache, { olderThan, maxSize, now: Date.now(), signal: world.signal });
      world.stdout(
        `removed ${counted(done.entries, 'entry', 'entries')}, ${megabytes(done.bytes)} MB; ${megabytes(done.left)} MB are left\n`,
      );
      return 0;
    }
    default:
      throw new UsageError('cache needs one of list, verify, prune');
  }
}

async function listEntries(cache: Cache, dir: string, { stdout }: CommandWorld): Promise<number> {
  const entries = await surveyIndex(cache);
  for (const { entry, used, contents } of entries) {
    const size = contents.reduce((sum, content) => sum + content.size, 0);
    const members = Object.keys(entry.members);
    const what = members.length > 0 ? ` (${members.join(', ')})` : '';
    stdout(
      `${new Date(used).toISOString()} ${megabytes(size).padStart(8)} MB ${entry.verified.padEnd(7)} ${entry.url}${what}\n`,
    );
  }
  const stored = await surveyContent(cache);
  const size = stored.reduce((sum, each) => sum + each.size, 0);
  const [known, files] = [counted(entries.length, 'entry', 'entries'), counted(stored.length, 'file', 'files')];
  stdout(`${known}, ${files}, ${megabytes(size)} MB in ${dir}\n`);
  const unfinished = await surveyUnfinished(cache);
  const begun = unfinished.reduce((sum, each) => sum + each.size, 0);
  const downloads = counted(unfinished.length, 'unfinished download', 'unfinished downloads');
  if (unfinished.length > 0) stdout(`${downloads}, ${megabytes(begun)} MB\n`);
  return 0;
}

function counted(count: number, one: string, more: string): string {
  return `${count} ${count === 1 ? one : more}`;
}

async function verifyAll(cache: Cache, { stdout, signal, log }: CommandWorld): Promise<number> {
  const stored = await surveyContent(cache);
  let wrong = 0;
  for (const [at, { path, sha256 }] of stored.entries()) {
    log.progress(`verifying ${at + 1} of ${stored.length} files`);
    if (await verifyContent(path, sha256, signal)) continue;
    wrong += 1;
    stdout(`removed ${path}: it was not what it was when it was verified\n`);
  }
  log.progress(undefined);
  stdout(`${stored.length - wrong} of ${stored.length} files are as they were verified\n`);
  return wrong === 0 ? 0 : 1;
}
