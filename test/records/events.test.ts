import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { secretMask } from '../../src/logging/secrets.ts';
import { EventFile } from '../../src/records/events.ts';
import { anyText } from '../helpers/arbitrary-text.ts';
import { tempDirectory, tempMount } from '../helpers/records-directory.ts';

const now = () => new Date('2026-11-23T10:35:56.789Z');
const mask = secretMask({ GITHUB_TOKEN: 'open-sesame' });

/** The file in a directory; each event is written at once, as a run does. */
function open(folder: string) {
  const file = join(folder, 'events.jsonl');
  const events = new EventFile(file, { runId: 'r', mask, now });
  const lines = () => readFileSync(file, 'utf8').trimEnd().split('\n');
  return {
    event: (kind: string, fields: Readonly<Record<string, unknown>>) => {
      events.add(kind, fields);
      events.write();
    },
    lines,
    events: () => lines().map((line): unknown => JSON.parse(line)),
  };
}

describe('events.jsonl', () => {
  test('has one line for each event, with the time and the run', () => {
    const log = open(tempDirectory());
    log.event('step', { step: 'Up', state: 'started' });
    log.event('command', { argv: ['kind', 'create'], seconds: 1.5, exit: 0, signal: undefined });
    expect(log.lines()).toEqual([
      '{"time":"2026-11-23T10:35:56.789Z","run":"r","event":"step","step":"Up","state":"started"}',
      '{"time":"2026-11-23T10:35:56.789Z","run":"r","event":"command","argv":["kind","create"],"seconds":1.5,"exit":0}',
    ]);
  });

  test('is continued by a later call, without what a killed one left of a line', () => {
    const folder = tempDirectory();
    open(folder).event('a', {});
    appendFileSync(join(folder, 'events.jsonl'), '{"time":"2026');
    const log = open(folder);
    log.event('b', {});
    log.event('c', {});
    expect(log.events()).toMatchObject([{ event: 'a' }, { event: 'b' }, { event: 'c' }]);
  });

  test('keeps the names of its own fields', () => {
    const log = open(tempDirectory());
    log.event('download', { event: 'x', time: 'y', run: 'z', url: 'u' });
    expect(log.events()).toEqual([
      { time: '2026-11-23T10:35:56.789Z', run: 'r', event: 'download', event_: 'x', time_: 'y', run_: 'z', url: 'u' },
    ]);
  });

  test('holds no secret, however deep', () => {
    const log = open(tempDirectory());
    log.event('command', {
      argv: [
        'curl',
        '--token',
        'abc12345',
        '-u',
        'user:ghi12345',
        '--token=def12345',
        'https://u:ghi@h/',
        '--token-file',
        '/path',
        '--token',
        '--verbose',
      ],
      env: {
        KUBE_TOKEN: 'jkl12345',
        HOME: '/root',
        deep: [{ text: 'say open-sesame', password: 'mno12345', note: new Error('open-sesame') }],
      },
      'open-sesame': new Map([['client_secret', 'pqr12345']]),
      link: new URL('https://h/?X-Goog-Signature=stu12345&x=1'),
    });
    expect(log.lines()[0]).not.toMatch(/sesame|abc|def|ghi|jkl|mno|pqr|stu/);
    expect(log.events()[0]).toMatchObject({
      argv: [
        'curl',
        '--token',
        '***',
        '-u',
        'user:***',
        '--token=***',
        'https://u:***@h/',
        '--token-file',
        '/path',
        '--token',
        '--verbose',
      ],
      env: { KUBE_TOKEN: '***', HOME: '/root', deep: [{ text: 'say ***', password: '***', note: '***' }] },
      '***': { client_secret: '***' },
      link: 'https://h/?X-Goog-Signature=***&x=1',
    });
  });

  test('takes what JSON cannot say', () => {
    const log = open(tempDirectory());
    const cycle: Record<string, unknown> = { date: new Date(0), bad: new Date(Number.NaN), big: 1n, nan: Number.NaN };
    cycle['self'] = cycle;
    Object.defineProperty(cycle, 'trap', {
      enumerable: true,
      get: () => {
        throw new Error('no');
      },
    });
    log.event('odd', {
      cycle,
      set: new Set([1, undefined]),
      bytes: new Uint8Array(3),
      error: new AggregateError([new Error('a'), new Error('b')]),
    });
    expect(log.events()[0]).toMatchObject({
      cycle: {
        date: '1970-01-01T00:00:00.000Z',
        bad: null,
        big: '1',
        nan: 'NaN',
        self: '[circular]',
        trap: '[unreadable: no]',
      },
      set: [1, null],
      bytes: '[3 bytes]',
      error: 'a; also: b',
    });
  });

  test('cuts what is too long for a line, and says so', () => {
    const log = open(tempDirectory());
    log.event('command', { argv: ['x'.repeat(10_000_000), ...Array.from({ length: 5000 }, (_, n) => `--flag-${n}`)] });
    const [line = ''] = log.lines();
    expect(line.length).toBeLessThan(30_000);
    expect(line).toContain('… 9991808 characters cut …');
    expect(line).toContain('"… 4501 more"');
  });

  test('keeps the lines of a file that cannot be written until it can', () => {
    const folder = join(tempDirectory(), 'artifacts');
    const log = open(folder);
    const refusal = `cannot write ${folder}/events.jsonl: no such file or directory`;
    expect(() => log.event('a', {})).toThrow(refusal);
    expect(() => log.event('b', {})).toThrow(refusal);
    mkdirSync(folder);
    log.event('c', {});
    expect(log.events()).toMatchObject([{ event: 'a' }, { event: 'b' }, { event: 'c' }]);
  });

  test('on a full disk has whole lines only, and all of them later', ({ skip }) => {
    const folder = tempMount('size=16k');
    if (folder === undefined) return skip('mounting a file system in memory is refused');
    const log = open(folder);
    log.event('a', {});
    expect(() => writeFileSync(join(folder, 'fill'), 'x'.repeat(50_000))).toThrow('ENOSPC');
    expect(() => log.event('b', { text: 'x'.repeat(6000) })).toThrow('no space left on device');
    expect(log.events()).toMatchObject([{ event: 'a' }]);
    rmSync(join(folder, 'fill'));
    log.event('c', {});
    expect(log.events()).toMatchObject([{ event: 'a' }, { event: 'b' }, { event: 'c' }]);
  });

  test('is never written through a link, nor into a pipe', () => {
    const folder = tempDirectory();
    symlinkSync('/dev/null', join(folder, 'events.jsonl'));
    expect(() => open(folder).event('a', {})).toThrow('too many symbolic links');
    const piped = tempDirectory();
    execFileSync('mkfifo', [join(piped, 'events.jsonl')]);
    expect(() => open(piped).event('a', {})).toThrow('it is not a regular file');
  });

  test('is one line of JSON whatever the fields are', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          anyText,
          fc.oneof(
            anyText,
            fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true }),
          ),
        ),
        (fields) => {
          const log = open(tempDirectory());
          log.event('any', fields);
          expect(log.lines()).toHaveLength(1);
          expect(log.events()[0]).toMatchObject({ event: 'any', run: 'r' });
        },
      ),
    );
  });
});
