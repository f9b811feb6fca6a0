import { describe, expect, test } from 'vitest';
import { oneOf, text, toggle } from '../../../src/api/flags.ts';
import { complete } from '../../../src/cli/flags/complete.ts';

const place = {
  words: [],
  flags: {
    up: toggle('Bring it up.'),
    down: oneOf('Take it down.', ['always', 'never'], 'never', { bare: 'always' }),
    test: text('The tester.'),
    buildType: oneOf('What is built.', ['', 'url', 'file'], ''),
    logDir: text('Accepted.', '', { hidden: true }),
  },
  values: { test: ['exec', 'ginkgo'] },
};
const words = async (...typed: string[]) => (await complete(typed, place)).map(({ word }) => word);

describe('completion', () => {
  test('offers deployers and commands by their first letters', async () => {
    const start = { words: ['kind', 'list', 'link'].map((word) => ({ word, help: `about ${word}` })), flags: {} };
    expect(await complete(['li'], start)).toEqual([
      { word: 'list', help: 'about list' },
      { word: 'link', help: 'about link' },
    ]);
  });

  test.each([
    ['flags', ['--'], ['--up', '--down', '--test', '--build-type']],
    ['flags by their first letters', ['--d'], ['--down']],
    ['the values of a flag as the next word', ['--build-type', ''], ['url', 'file']],
    ['values by their first letters', ['--test', 'g'], ['ginkgo']],
    ['values after =', ['--test='], ['--test=exec', '--test=ginkgo']],
    ['values of a flag that may stand alone, after = only', ['--down=n'], ['--down=never']],
    ['no flag twice', ['--up', '--'], ['--down', '--test', '--build-type']],
    ['nothing for an unknown flag', ['--nothing='], []],
  ])('offers %s', async (_, typed, offered) => {
    expect(await words(...typed)).toEqual(offered);
  });

  test('takes no next word for a flag that may stand alone', async () => {
    expect(await words('--down', 'a')).toEqual([]);
  });

  test('says what a flag means', async () => {
    expect(await complete(['--u'], place)).toEqual([{ word: '--up', help: 'Bring it up.' }]);
  });
});
