import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { count, duration, oneOf, text, toggle } from '../../../src/api/flags.ts';
import { exampleLines, type Help, renderHelp } from '../../../src/cli/help/render-help.ts';
import { screenOf } from '../../../src/cli/help/screen.ts';

const common = {
  help: toggle('Print help.', false, { short: 'h' }),
  v: count('Log verbosity.', 0, { short: 'v' }),
  down: oneOf('Tear down the cluster.', ['always', 'on-success', 'never'], 'never', { bare: 'always' }),
  upTimeout: duration('Timeout for Up.', 3_600_000, { group: 'Timeouts' }),
  cacheDir: text('Directory of cached downloads.', '', { env: 'KUBETEST2_CACHE_DIR' }),
  logDir: text('Ignored.', '', { name: 'log_dir', hidden: true }),
};
const deployer = {
  numNodes: count('The number of worker nodes of the cluster, in addition to its control plane.', 3),
  aNameTooLongForTheColumnOfNames: text('A rare setting.'),
};

const help = (more: Partial<Help> = {}): string =>
  renderHelp({
    program: 'kubetest2-ts kind',
    usage: ['[flags] -- [tester args]'],
    width: 80,
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

  test.each([
    [undefined, '100', 100],
    [undefined, undefined, 80],
    [0, 'wide', 80],
    [120, '100', 120],
    [20, undefined, 40],
  ])('with %s columns of stdout and COLUMNS=%s is %i columns wide', (columns, COLUMNS, width) => {
    expect(screenOf({ stdout: { columns } as NodeJS.WriteStream, env: { COLUMNS } }).width).toBe(width);
  });

  test('continues a long example after a backslash, as a shell reads it', () => {
    const example = `kubetest2-ts kind ${'--metadata=key=value '.repeat(8)}--up`;
    const lines = exampleLines(example, 60);
    expect(lines.length).toBeGreaterThan(1);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(lines.join('\n').replaceAll('\\\n', ' ').trim().split(/\s+/)).toEqual(example.split(' '));
  });

  test('shows default, values and environment variable', () => {
    const shown = help({ width: 200 });
    expect(shown).toMatch(/--num-nodes int +The number .*\(default 3\)/);
    expect(shown).toMatch(/--up-timeout duration +.*\(default 1h0m0s\)/);
    expect(shown).toMatch(/--cache-dir string +.*\(env \$KUBETEST2_CACHE_DIR\)/);
    expect(shown).toContain('(one of always, on-success, never; always without a value; default never)');
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
