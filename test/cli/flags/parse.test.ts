import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  count,
  csv,
  duration,
  each,
  type Flags,
  list,
  oneOf,
  optional,
  parseGoBool,
  parseGoInt,
  text,
  toggle,
} from '../../../src/api/flags.ts';
import { parseFlags } from '../../../src/cli/flags/parse.ts';

const launcher = {
  up: toggle('up'),
  down: oneOf('down', ['never', 'always'], 'never', { bare: 'always', also: { true: 'always', false: 'never' } }),
  help: toggle('help', false, { short: 'h' }),
  runId: text('run id'),
  preTestCmd: csv('hook'),
} as const;
const deployer = {
  v: count('verbosity', 0, { short: 'v' }),
  numNodes: count('nodes', 3),
  env: list('variables'),
  metadata: each('pairs'),
  timeout: duration('limit', 60_000),
  maybe: optional(count('none by default')),
  logDir: text('klog', '', { name: 'log_dir', aliases: ['log-dir'] }),
  twin: text('twin', 'declared', { env: 'TWIN' }),
} as const;
const parse = (...words: string[]) => parseFlags({ launcher, deployer }, words, {});
const values = (...words: string[]) => {
  const line = parse(...words);
  expect(line.faults).toEqual([]);
  return { ...line.values.launcher, ...line.values.deployer };
};

describe("pflag's grammar", () => {
  test('each owner gets its own values, with the declared defaults', () => {
    expect(parse().values).toEqual({
      launcher: { up: false, down: 'never', help: false, runId: '', preTestCmd: [] },
      deployer: {
        v: 0,
        numNodes: 3,
        env: [],
        metadata: [],
        timeout: 60_000,
        maybe: undefined,
        logDir: '',
        twin: 'declared',
      },
    });
  });

  test.each([
    [['--run-id=x'], { runId: 'x' }],
    [['--run-id', 'x'], { runId: 'x' }],
    [['--run-id', '-x'], { runId: '-x' }],
    [['--run-id', '--up'], { runId: '--up', up: false }],
    [['--run-id', '--'], { runId: '--' }],
    [['--run-id='], { runId: '' }],
    [['--run-id=a=b=c'], { runId: 'a=b=c' }],
    [["--run-id='x'"], { runId: "'x'" }],
    [['--run-id="x"'], { runId: '"x"' }],
    [['--run-id=a\nb'], { runId: 'a\nb' }],
    [['--run-id=1', '--run-id=2'], { runId: '2' }],
    [['--run-id=010'], { runId: '010' }],
    [['--up'], { up: true }],
    [['--up=false'], { up: false }],
    [['--up', '--up=F'], { up: false }],
    [['--up', 'false'], { up: true }],
    [['--down'], { down: 'always' }],
    [['--down=never'], { down: 'never' }],
    [['--down', 'never'], { down: 'always' }],
    [['-v=2'], { v: 2 }],
    [['-v', '2'], { v: 2 }],
    [['-v2'], { v: 2 }],
    [['--v', '9'], { v: 9 }],
    [['-hv', '3'], { help: true, v: 3 }],
    [['-hv=3'], { help: true, v: 3 }],
    [['-v', '-1'], { v: -1 }],
    [['--num-nodes=0x10'], { numNodes: 16 }],
    [['--log_dir=a'], { logDir: 'a' }],
    [['--log-dir', 'b'], { logDir: 'b' }],
    [['--env=A=1,B=2', '--env', 'C=3'], { env: ['A=1', 'B=2', 'C=3'] }],
    [['--env="N=type=x,count=2",M=1'], { env: ['N=type=x,count=2', 'M=1'] }],
    [['--env=A="x,y"'], { env: ['A="x', 'y"'] }],
    [['--env='], { env: [''] }],
    [['--metadata=a,b', '--metadata', 'c'], { metadata: ['a,b', 'c'] }],
    [['--pre-test-cmd=a,"b,c","d""e",'], { preTestCmd: ['a', 'b,c', 'd"e', ''] }],
    [['--pre-test-cmd='], { preTestCmd: [] }],
    [['--timeout=1h30m'], { timeout: 5_400_000 }],
    [['--maybe=0'], { maybe: 0 }],
    [['--run-id=__proto__'], { runId: '__proto__' }],
  ])('%j', (words, wanted) => {
    expect(values(...words)).toMatchObject(wanted);
  });

  test.each([
    [['--nope'], /^unknown flag --nope$/],
    [['--rnu-id=x'], /^unknown flag --rnu-id; did you mean --run-id\?$/],
    [['--no-up'], /unknown flag --no-up/],
    [['--runId=x'], /unknown flag --runId; did you mean --run-id/],
    [['--run_id=x'], /unknown flag --run_id/],
    [['--__proto__=x'], /unknown flag --__proto__/],
    [['--run-id.x=1'], /unknown flag --run-id\.x/],
    [['-x'], /unknown flag -x in -x/],
    [['-up'], /two dashes, --up/],
    [['--run-id'], /--run-id needs a value/],
    [['-v'], /-v needs a value/],
    [['-v', 'x'], /invalid --v "x": expected a whole number/],
    [['--num-nodes=08'], /invalid --num-nodes "08": expected a whole number/],
    [['--num-nodes=1', '--num-nodes=x'], /"x": expected a whole number/],
    [['--up=maybe'], /invalid --up "maybe": expected true or false/],
    [['--pre-test-cmd=a"b'], /double quotes/],
    [['--pre-test-cmd="a'], /double quotes/],
  ])('%j is refused', (words, message) => {
    expect(parse(...words).faults).toEqual([expect.stringMatching(message)]);
  });

  test('positionals are told apart, before and after flags, and what follows a bare -- too', () => {
    const line = parse('a', '--up', 'false', ';', '-', '--', '--down', 'x', '--');
    expect(line.positionals).toEqual(['a', 'false', ';', '-']);
    expect(line.afterDashes).toEqual(['--down', 'x', '--']);
    expect(line.values.launcher.down).toBe('never');
  });

  test('all that is wrong is said at once', () => {
    expect(parse('--nope', '--up=maybe', '--run-id').faults).toHaveLength(3);
  });

  test('the environment variable sets the default, and an error names the variable', () => {
    const read = (env: Record<string, string>, ...words: string[]) =>
      parseFlags({ deployer }, words, env).values.deployer.twin;
    expect(read({ TWIN: 'from the environment' })).toBe('from the environment');
    expect(read({ TWIN: '' })).toBe('declared');
    expect(read({ TWIN: 'x' }, '--twin=typed')).toBe('typed');
    const flags: Flags = { n: count('n', 1, { env: 'N' }) };
    expect(parseFlags({ flags }, [], { N: 'many' }).faults).toEqual([
      expect.stringMatching(/^invalid \$N "many": expected a whole number$/),
    ]);
  });

  test('two owners of one name are a mistake of the program', () => {
    expect(() => parseFlags({ a: { up: toggle('') }, b: { up: text('') } }, [], {})).toThrow(
      '--up is declared by a and by b',
    );
  });

  test('any value comes back as it was typed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.boolean(), (value, attached) => {
        const words = attached ? [`--run-id=${value}`] : ['--run-id', value];
        expect(values(...words).runId).toBe(value);
      }),
    );
  });

  test('any words are read without a throw', () => {
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom('--up', '--', '-v', '--env', '-h=', '--=x', '---', '-', '=', '--run-id'),
    );
    fc.assert(
      fc.property(fc.array(word), (words) => {
        expect(Array.isArray(parse(...words).faults)).toBe(true);
      }),
    );
  });

  test('ten million characters in ten thousand words are read', () => {
    const words = Array.from({ length: 10_000 }, (_, at) => `--metadata=${String(at).repeat(200)}`);
    expect(values(...words).metadata).toHaveLength(10_000);
    expect(values(`--run-id=${'x'.repeat(10_000_000)}`).runId).toHaveLength(10_000_000);
  });
});

test.each([
  ['12', 12],
  ['010', 8],
  ['0o17', 15],
  ['0x1F', 31],
  ['0b101', 5],
  ['1_0', 10],
  ['0x_f', 15],
  ['0_7', 7],
  ['+4', 4],
  ['-0x10', -16],
  ['0', 0],
])('the Go integer %s is %d', (typed, value) => {
  expect(parseGoInt(typed)).toBe(value);
});

test.each(['', '08', '1_', '_1', '1__0', 'x', '1.5', '1e3', '0x', '--1', '9007199254740993', ' 1'])(
  '%j is no Go integer',
  (typed) => {
    expect(parseGoInt(typed)).toBeUndefined();
  },
);

test('Go booleans are these twelve words', () => {
  for (const word of ['1', 't', 'T', 'TRUE', 'true', 'True']) expect(parseGoBool(word)).toBe(true);
  for (const word of ['0', 'f', 'F', 'FALSE', 'false', 'False']) expect(parseGoBool(word)).toBe(false);
  for (const word of ['', 'yes', 'no', 'tRUE', 'on', '2']) expect(parseGoBool(word)).toBeUndefined();
});
