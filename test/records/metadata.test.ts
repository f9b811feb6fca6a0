import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergeMetadata } from '../../src/records/metadata.ts';
import { tempDirectory, tempMount } from '../helpers/records-directory.ts';

const fileIn = (folder: string) => join(folder, 'metadata.json');
const read = (folder: string): unknown => JSON.parse(readFileSync(fileIn(folder), 'utf8'));

describe('metadata.json', () => {
  test('is made, added to, and its keys replaced', async () => {
    const folder = tempDirectory();
    mergeMetadata(fileIn(folder), { 'kubetest-version': 'v1', 'run-id': 'r' });
    mergeMetadata(fileIn(folder), { 'tester-version': 'v2', 'kubetest-version': 'v3' });
    expect(read(folder)).toEqual({ 'kubetest-version': 'v3', 'run-id': 'r', 'tester-version': 'v2' });
    expect(readdirSync(folder)).toEqual(['metadata.json']);
  });

  test('keeps what a program of another make wrote between, whatever its type', async () => {
    const folder = tempDirectory();
    mergeMetadata(fileIn(folder), { a: '1' });
    writeFileSync(fileIn(folder), '{"a":"1","job-version":"v1.36.0","nested":{"x":[1,null]},"n":1.5,"__proto__":"p"}');
    mergeMetadata(fileIn(folder), { b: '2' });
    expect(readFileSync(fileIn(folder), 'utf8')).toBe(`{
  "a": "1",
  "job-version": "v1.36.0",
  "nested": {
    "x": [
      1,
      null
    ]
  },
  "n": 1.5,
  "__proto__": "p",
  "b": "2"
}
`);
  });

  test('loses no key of many writes', async () => {
    const folder = tempDirectory();
    const keys = Array.from({ length: 40 }, (_, n) => `key-${n}`);
    for (const key of keys) mergeMetadata(fileIn(folder), { [key]: 'x' });
    expect(Object.keys(Object(read(folder)))).toEqual(keys);
  });

  test.each(['{"a":', '', '[1]', '"text"', 'null', '{"a":1}trailing'])(
    'that holds %j instead of an object is begun anew, and nothing is lost',
    async (broken) => {
      const folder = tempDirectory();
      const warnings: string[] = [];
      writeFileSync(fileIn(folder), broken);
      mergeMetadata(fileIn(folder), { a: '1' }, { log: { warn: (message) => void warnings.push(message) } });
      expect(read(folder)).toEqual({ a: '1' });
      if (broken === '') return expect(warnings).toEqual([]);
      const aside = `${fileIn(folder)}.unreadable`;
      expect(readFileSync(aside, 'utf8')).toBe(broken);
      expect(warnings).toEqual([`${fileIn(folder)} was not a JSON object; keeping it as ${aside}`]);
    },
  );

  test('stays as it was when the disk is full, and the error names it', async ({ skip }) => {
    const folder = tempMount('size=64k');
    if (folder === undefined) return skip('mounting a file system in memory is refused');
    mergeMetadata(fileIn(folder), { a: '1' });
    expect(() =>
      mergeMetadata(
        fileIn(folder),
        Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`b${n}`, 'x'.repeat(4000)])),
      ),
    ).toThrow(`cannot write ${fileIn(folder)}: no space left on device`);
    expect(read(folder)).toEqual({ a: '1' });
  });

  test('masks the value of a key with a secret name, and shortens a long one after masking', () => {
    const folder = tempDirectory();
    const long = `${'x'.repeat(4090)}secret`;
    mergeMetadata(
      fileIn(folder),
      { 'my-token': 'Zq7rKv0W', 'token-file': '/a/b/c/d/e', long },
      {
        mask: (text) => text.replace('secret', '***'),
      },
    );
    expect(read(folder)).toEqual({ 'my-token': '***', 'token-file': '/a/b/c/d/e', long: `${'x'.repeat(4090)}***` });
    mergeMetadata(fileIn(folder), { long: 'y'.repeat(5000) });
    expect(read(folder)).toMatchObject({ long: `${'y'.repeat(4095)}…` });
  });

  test('holds no secret', async () => {
    const folder = tempDirectory();
    mergeMetadata(fileIn(folder), { link: 'a secret here' }, { mask: (text) => text.replace('secret', '***') });
    expect(read(folder)).toEqual({ link: 'a *** here' });
  });

  test('takes any keys and values over any JSON object', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.dictionary(fc.string(), fc.string()),
        async (before, entries) => {
          const folder = tempDirectory();
          const text = JSON.stringify(before);
          writeFileSync(fileIn(folder), text);
          mergeMetadata(fileIn(folder), entries);
          expect(read(folder)).toEqual({ ...(JSON.parse(text) as object), ...entries });
        },
      ),
      { numRuns: 60 },
    );
  });
});
