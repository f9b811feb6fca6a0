import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lastLines, oneLine, truncate, xmlText } from '../../src/text/truncate.ts';
import { ALLOWED, anyText } from '../helpers/arbitrary-text.ts';

describe('xmlText', () => {
  test.each([
    ['colours and cursor movements', '\u001B[1;31mred\u001B[0m \u001B[2Kx', 'red x'],
    ['NUL, bell, escape, delete stays', 'a\0b\u0007c\u001Bd\u007f', 'abcd\u007f'],
    ['line ends', 'a\r\nb\rc\n', 'a\nb\nc\n'],
    ['lone surrogates', 'a\ud800b\udc00c\u{1F600}', 'abc\u{1F600}'],
    ['noncharacters', 'a\ufffeb\uffffc\ufffd', 'abc\ufffd'],
    ['ordinary text', 'tab\t<é&"> 漢字', 'tab\t<é&"> 漢字'],
  ])('%s', (_what, text, expected) => {
    expect(xmlText(text)).toBe(expected);
  });

  test('leaves only what XML allows, and a second time changes nothing', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const clean = xmlText(text);
        expect(clean).toMatch(ALLOWED);
        expect(xmlText(clean)).toBe(clean);
      }),
    );
  });
});

/** Without the mark of a broken character, which is looked for. */
const longText = fc
  .string({ unit: 'grapheme', minLength: 250, maxLength: 400 })
  .map((text) => text.replaceAll('\ufffd', 'x'));

test.each<[(text: string, limit: number) => string]>([[truncate], [lastLines], [oneLine]])(
  '%o keeps to the limit and splits no character',
  (cut) => {
    fc.assert(
      fc.property(longText, fc.integer({ min: 80, max: 600 }), (text, limit) => {
        const short = cut(text, limit);
        if (cut === oneLine) expect(short.length).toBeLessThanOrEqual(limit);
        else expect(Buffer.byteLength(short)).toBeLessThanOrEqual(limit);
        expect(short).not.toContain('\ufffd');
        expect(short.isWellFormed()).toBe(true);
      }),
    );
  },
);

test('truncate notes how many bytes it cut', () => {
  const text = 'é'.repeat(1000);
  const [head = '', note = '', tail = ''] = truncate(text, 500).split('\n');
  const cut = Number(/^… (\d+) bytes cut …$/.exec(note)?.[1]);
  expect(Buffer.byteLength(head) + Buffer.byteLength(tail) + cut).toBe(2000);
  expect(Buffer.byteLength(tail)).toBeGreaterThan(3 * Buffer.byteLength(head));
});

test('lastLines keeps whole lines, or the end of one long line', () => {
  expect(lastLines('first\nsecond\nthird', 14)).toBe('second\nthird');
  expect(lastLines('abcdefgh', 3)).toBe('fgh');
  expect(lastLines('short\n', 14)).toBe('short\n');
});
