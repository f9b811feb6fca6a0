import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { count, duration, oneOf, text, toggle } from '../../../src/api/flags.ts';
import { type Help, renderHelp } from '../../../src/cli/help/render-help.ts';

const common = {
  help: toggle('Show this help.', false, { short: 'h' }),
  v: count('Level of detail of the log.', 0, { short: 'v' }),
  down: oneOf('Take the cluster down afterwards.', ['always', 'on-success', 'never'], 'never', { bare: 'always' }),
  upTimeout: duration('The longest that Up may take.', 3_600_000, { group: 'Timeouts' }),
  cacheDir: text('Where fetched files are kept between runs.', '', { env: 'KUBETEST2_CACHE_DIR' }),
  logDir: text('Accepted and without effect.', '', { name: 'log_dir', hidden: true }),
};
const deployer = {
  numNodes: count('The number of nodes in the cluster, the control plane not counted among them.', 3),
  aNameTooLongForTheColumnOfNames: text('Something rare.'),
};

const help = (more: Partial<Help> = {}): string =>
  renderHelp({
    program: 'kubetest2-ts kind',
    usage: ['[flags] -- [tester args]'],
    sections: [
      { title: 'Common', flags: common },
      { title: 'Deployer kind', flags: deployer },
    ],
    ...more,
  });

describe('help', () => {
  test.each([60, 80, 120])('fits a terminal of %i columns', (width) => {
    const lines = help({ width }).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
    expect(lines.join('\n')).toMatchSnapshot();
  });

  test('is 80 columns wide where the width is not known', () => {
    expect(help({ width: undefined })).toBe(help({ width: 80 }));
    expect(help({ width: 0 })).toBe(help({ width: 80 }));
  });

  test('says default, values and environment twin', () => {
    const words = help({ width: 200 });
    expect(words).toMatch(/--num-nodes int +The number .*\(default 3\)/);
    expect(words).toMatch(/--up-timeout duration +.*\(default 1h0m0s\)/);
    expect(words).toMatch(/--cache-dir string +.*\(env \$KUBETEST2_CACHE_DIR\)/);
    expect(words).toContain('(one of always, on-success, never; always when given without a value; default never)');
  });

  test('lists shorthands before the long name', () => {
    expect(help()).toMatch(/^ {2}-h, --help /m);
    expect(help()).toMatch(/^ {2}-v, --v int /m);
  });

  test('leaves hidden flags out', () => {
    expect(help()).not.toContain('log_dir');
  });

  test('lists a flag with a group under that heading alone', () => {
    const blocks = help().split('\n\n');
    const timeouts = blocks.find((block) => block.startsWith('Timeouts:'));
    expect(timeouts).toContain('--up-timeout');
    expect(blocks.find((block) => block.startsWith('Common:'))).not.toContain('--up-timeout');
  });

  test('colours nothing but the looks', () => {
    const coloured = help({ colour: true });
    expect(coloured).toContain('\u001b[1mUsage:');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape sequences of colours are what is taken out.
    expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(help());
  });

  test('loses no word of a help text at any width', () => {
    const word = fc.stringMatching(/^[a-z]{1,30}$/);
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 40, max: 160 }),
        (words, width) => {
          const flags = { flag: text(words.join(' ')) };
          const shown = renderHelp({ program: 'p', usage: [''], sections: [{ title: 'T', flags }], footer: [], width });
          expect(shown.split('T:\n')[1]?.trim().split(/\s+/)).toEqual(['--flag', 'string', ...words]);
        },
      ),
    );
  });
});
