import { describe, expect, test } from 'vitest';
import { oneOf, text, toggle } from '../../../src/api/flags.ts';
import { complete } from '../../../src/cli/flags/complete.ts';

const place = {
  names: [],
  flags: {
    up: toggle('Create the cluster.'),
    down: oneOf('Tear it down.', ['always', 'never'], 'never', { bare: 'always' }),
    test: text('The tester.'),
    buildType: oneOf('Build type.', ['', 'url', 'file'], ''),
    logDir: text('Accepted.', '', { hidden: true }),
  },
  values: { test: ['exec', 'ginkgo'] },
};
const values = async (...args: string[]) => (await complete(args, place)).map(({ value }) => value);

describe('completion', () => {
  test('offers deployers and commands by their first letters', async () => {
    const start = { names: ['kind', 'list', 'link'].map((value) => ({ value, help: `about ${value}` })), flags: {} };
    expect(await complete(['li'], start)).toEqual([
      { value: 'list', help: 'about list' },
      { value: 'link', help: 'about link' },
    ]);
  });

  test.each([
    ['flags', ['--'], ['--up', '--down', '--test', '--build-type']],
    ['flags by their first letters', ['--d'], ['--down']],
    ['the values of a flag as the next argument', ['--build-type', ''], ['url', 'file']],
    ['values by their first letters', ['--test', 'g'], ['ginkgo']],
    ['values after =', ['--test='], ['--test=exec', '--test=ginkgo']],
    ['values of a flag with an optional value, after = only', ['--down=n'], ['--down=never']],
    ['no flag twice', ['--up', '--'], ['--down', '--test', '--build-type']],
    ['nothing for an unknown flag', ['--nothing='], []],
  ])('offers %s', async (_, args, offered) => {
    expect(await values(...args)).toEqual(offered);
  });

  test('takes no next argument for a flag with an optional value', async () => {
    expect(await values('--down', 'a')).toEqual([]);
  });

  test('shows the help of a flag', async () => {
    expect(await complete(['--u'], place)).toEqual([{ value: '--up', help: 'Create the cluster.' }]);
  });
});
