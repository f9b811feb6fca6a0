import { EventEmitter } from 'node:events';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type LogSettings, type LogStream, openLog } from '../../src/logging/open-log.ts';
import { anyText } from '../helpers/arbitrary-text.ts';

/** Keeps what is written, as a terminal or not. */
class Sink extends EventEmitter implements LogStream {
  text = '';
  readonly isTTY: boolean;
  readonly columns = 40;
  constructor(isTTY = false) {
    super();
    this.isTTY = isTTY;
  }
  write(text: string): void {
    this.text += text;
  }
}

function open({ terminal = false, ...more }: Partial<LogSettings> & { terminal?: boolean } = {}) {
  const stderr = new Sink(terminal);
  const clock = { now: new Date(2026, 10, 23, 10, 35, 56, 123) };
  const log = openLog({ format: 'auto', verbosity: 2, stderr, env: {}, now: () => clock.now, pid: 12345, ...more });
  const wait = (ms: number) => {
    clock.now = new Date(clock.now.getTime() + ms);
  };
  return { ...log, stderr, wait };
}

describe('off a terminal', () => {
  test("lines have klog's format, so that Spyglass highlights errors", () => {
    const log = open();
    log.info('Up begins');
    log.warn('disk is nearly full');
    log.error('Up failed');
    expect(log.stderr.text).toBe(
      [
        'I1123 10:35:56.123000   12345 kubetest2-ts] Up begins',
        'W1123 10:35:56.123000   12345 kubetest2-ts] disk is nearly full',
        'E1123 10:35:56.123000   12345 kubetest2-ts] Up failed',
        '',
      ].join('\n'),
    );
    expect(log.stderr.text).toMatch(/^E\d{4} \d\d:/m);
    expect(log.interactive).toBe(false);
  });

  test('each line of a message has the header, further lines are indented', () => {
    const log = open();
    log.error('make failed:\nline 1\r\n\n  line 3\n\n');
    expect(log.stderr.text.split('\n').map((line) => line.slice(30))).toEqual([
      'kubetest2-ts] make failed:',
      'kubetest2-ts]   line 1',
      'kubetest2-ts]',
      'kubetest2-ts]     line 3',
      '',
    ]);
  });

  test('details are shown up to the verbosity', () => {
    const log = open();
    log.detail(2, 'shown');
    log.detail(3, 'not shown');
    expect(log.stderr.text).toMatch(/shown\n$/);
    expect(log.stderr.text).not.toContain('not shown');
  });

  test('progress is a line at most every ten seconds', () => {
    const log = open();
    log.progress('1 node ready');
    log.wait(9999);
    log.progress('2 nodes ready');
    log.wait(1);
    log.progress('3 nodes ready');
    log.progress(undefined);
    expect(log.stderr.text.match(/\] .*/g)).toEqual(['] 1 node ready', '] 3 nodes ready']);
  });

  test('--log-format=text is the same', () => {
    const log = open({ format: 'text' });
    log.info('a');
    expect(log.stderr.text).toMatch(/^I1123 .*\] a\n$/);
  });
});

describe('on a terminal', () => {
  test('lines have a short time and a colour by severity', () => {
    const log = open({ terminal: true });
    log.info('Up begins\nwith two lines');
    log.warn('careful');
    log.error('broken');
    log.detail(1, 'a detail');
    expect(log.stderr.text).toBe(
      '10:35:56 Up begins\n         with two lines\n\u001B[33m10:35:56 warning: careful\u001B[0m\n\u001B[31m10:35:56 error: broken\u001B[0m\n\u001B[2m10:35:56 a detail\u001B[0m\n',
    );
    expect(log.interactive).toBe(true);
  });

  test.each([
    ['NO_COLOR is set', { NO_COLOR: '1' }, false],
    ['NO_COLOR is empty', { NO_COLOR: '' }, true],
    ['the terminal is dumb', { TERM: 'dumb' }, false],
    ['neither is set', { TERM: 'xterm-256color' }, true],
  ])('colour follows the environment: %s', (_what, env, coloured) => {
    const log = open({ terminal: true, env });
    log.error('broken');
    expect(log.stderr.text.includes('\u001B[')).toBe(coloured);
  });

  test('progress is one line, replaced in place, and out of the way of other lines', () => {
    const log = open({ terminal: true });
    log.progress('1 node');
    log.progress('1 node');
    log.progress('2 nodes');
    log.info('a line');
    log.progress(undefined);
    log.progress(undefined);
    log.info('the end');
    const clear = '\r\u001B[2K';
    expect(log.stderr.text).toBe(`1 node${clear}2 nodes${clear}10:35:56 a line\n2 nodes${clear}10:35:56 the end\n`);
  });

  test('progress fits on one line', () => {
    const log = open({ terminal: true });
    log.progress(`${'é'.repeat(100)}\nsecond line`);
    expect(log.stderr.text).toBe(`${'é'.repeat(38)}…`);
  });

  test('progress is an occasional line when the terminal is dumb', () => {
    const log = open({ terminal: true, env: { TERM: 'dumb' } });
    log.progress('a');
    log.progress('b');
    expect(log.stderr.text).toBe('10:35:56 a\n');
  });
});

test('as JSON, each message is one object on one line', () => {
  const log = open({ format: 'json', terminal: true });
  log.info('two\nlines');
  log.warn('w');
  log.error('e');
  log.detail(1, 'd');
  log.progress('p');
  const lines = log.stderr.text.trimEnd().split('\n');
  const time = new Date(2026, 10, 23, 10, 35, 56, 123).toISOString();
  expect(lines.map((line): unknown => JSON.parse(line))).toEqual([
    { time, level: 'info', pid: 12345, message: 'two\nlines' },
    { time, level: 'warning', pid: 12345, message: 'w' },
    { time, level: 'error', pid: 12345, message: 'e' },
    { time, level: 'info', v: 1, pid: 12345, message: 'd' },
    { time, level: 'info', pid: 12345, message: 'p' },
  ]);
  expect(log.interactive).toBe(false);
});

test.each<Partial<LogSettings> & { terminal?: boolean }>([{}, { terminal: true }, { format: 'json' }])(
  'no secret is shown with %j',
  (settings) => {
    const log = open({ ...settings, env: { GITHUB_TOKEN: 'open-sesame', NO_COLOR: '1' } });
    log.error('say open-\u001B[1msesame to https://u:pw@h/');
    log.progress('open-sesame');
    expect(log.stderr.text).not.toMatch(/sesame|pw@/);
    expect(log.stderr.text).toContain('***');
  },
);

test('a closed terminal is not an error', () => {
  const log = open();
  expect(log.stderr.listenerCount('error')).toBe(1);
  log.stderr.emit('error', new Error('EIO'));
  log.stderr.write = () => {
    throw new Error('EPIPE');
  };
  log.error('broken');
  log.progress('p');
});

test('every line has the header and no control characters', () => {
  fc.assert(
    fc.property(anyText, (message) => {
      const log = open();
      log.error(message);
      const lines = log.stderr.text.split('\n');
      expect(lines.pop()).toBe('');
      for (const line of lines) expect(line).toMatch(/^E1123 10:35:56\.123000 {3}12345 kubetest2-ts\](?:\t|\P{Cc})*$/u);
    }),
  );
});

test('an overlong line is cut after masking, the other lines stay', () => {
  const secret = 'Zq7rKv0Wp3Xn9LtBaa';
  const log = open({ env: { MY_TOKEN: secret } });
  log.warn(`first\n${'x'.repeat(8185)}${secret}${'y'.repeat(9000)}\nlast`);
  const [first = '', long = '', last = ''] = log.stderr.text.split('\n').map((line) => line.replace(/^.*?\] +/, ''));
  expect([first, last]).toEqual(['first', 'last']);
  expect(long).toBe(`${'x'.repeat(8185)}***yyyy… (17188 characters)`);
});
