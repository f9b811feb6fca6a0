import { describe, expect, test } from 'vitest';
import { proseOfMarkdown, proseOfSource } from '../../../scripts/ci/prose.ts';
import { renderedHelp } from '../../../scripts/ci/rendered-help.ts';
import { findStyleWords } from '../../../scripts/ci/style-words.ts';

const texts = (source: string): string[] => proseOfSource(source).map(({ text }) => text.trim());

describe('the prose of a source', () => {
  test.each([
    ['a line comment', 'x(); // see the folder', ['see the folder']],
    ['a block comment', '/**\n * One.\n * Two words.\n */', ['One.\nTwo words.']],
    ['a string', "log('no such folder');", ['no such folder']],
    ['a string with an escaped quote', "log('the user\\'s folder');", ["the user\\'s folder"]],
    ['a template', 'log(`the folder $' + '{path} is full`);', ['the folder … is full']],
    [
      'a string inside of a template',
      'log(`x $' + "{ok ? 'a folder' : `b $" + '{c} d`} y`);',
      ['a folder', 'b … d', 'x … y'],
    ],
    ['text after a regular expression with quotes', "s.replace(/['\"`]/g, 'a b');", ['a b']],
    ['text after a division', "f(a / b, 'c d') / 2; // e f", ['c d', 'e f']],
    ['text after a returned regular expression', "return /it's/.test('a b');", ['a b']],
  ])('has %s', (_, source, expected) => {
    expect(texts(source)).toEqual(expected);
  });

  test.each([["import x from 'folder';"], ["const folder = 'folder';"], ['if (a) folder();']])(
    'leaves out %s',
    (source) => {
      expect(texts(source)).toEqual([]);
    },
  );

  test('has the line of each text', () => {
    expect(proseOfSource("\n\nlog('a b');\n// c d").map(({ line }) => line)).toEqual([3, 4]);
  });

  test('of a page leaves out code blocks', () => {
    expect(proseOfMarkdown('a\n```sh\nb\n```\n    c\nd').map(({ line, text }) => `${line} ${text}`)).toEqual([
      '1 a',
      '6 d',
    ]);
  });
});

describe('the style words', () => {
  test.each([
    ['the folder X', 'folder'],
    ['Folders are made', 'Folders'],
    ['a borrowed project', 'borrowed'],
    ['gives it back', 'gives it back'],
    ['whatever happens', 'whatever'],
    ['take the cluster down', 'take the cluster down'],
    ['the cluster goes down', 'goes down'],
    ['"x" is none of a, b', 'is none of'],
    ['has no say with it', 'no say'],
  ])('are found in %s', (text, found) => {
    expect(findStyleWords(text).map((each) => each.found)).toEqual([found]);
  });

  test.each([
    ['in a code span: `cd folder`'],
    ['in a quote of another tool: "no such folder"'],
    ['in a flag: --folder-mode'],
    ['in a variable: $FOLDER'],
    ['recommended'],
    ['the calendar'],
  ])('are not found %s', (text) => {
    expect(findStyleWords(text)).toEqual([]);
  });

  test('are looked for in the help of every command, tester and deployer with every tester', async () => {
    const help = await renderedHelp();
    expect(help.length).toBeGreaterThan(30);
    for (const [command, text] of help) expect(text, command).toMatch(/^Usage:\n/);
  });
});
