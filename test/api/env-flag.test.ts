import { describe, expect, test } from 'vitest';
import { readVariables } from '../../src/api/env-flag.ts';
import { list } from '../../src/api/flags.ts';
import { shellSplit } from '../../src/text/shell-split.ts';

const flag = list('');
const read = (...values: string[]) => {
  const items = values.reduce<readonly string[]>((before, value) => flag.parse(value, before), []);
  const warnings: string[] = [];
  return { variables: readVariables('--env', items, { warn: (line) => warnings.push(line) }), warnings };
};

describe('variables of a list flag', () => {
  test.each([
    ['A=/healthz,/readyz,/livez,/metrics --profiling --kube-api-qps=100'],
    ['A=1,2,3'],
    [`A=it's,a "quoted" one`],
  ])('the refusal of %s shows the whole value in a form that works', (value) => {
    let message = '';
    try {
      read('FIRST=1', value, 'LAST=2');
    } catch (error) {
      message = String(error);
    }
    const shown = message.slice(message.indexOf("--env='"));
    const [word = ''] = shellSplit(shown);
    expect(read(word.replace('--env=', '')).variables).toEqual({ A: value.slice(2) });
  });

  test('a part without = is refused also when there is no value before it', () => {
    expect(() => read('x')).toThrow(`invalid --env "x": expected NAME=VALUE; quote a value with a comma: --env='"x"'`);
  });

  test('a name in lower case after another variable is warned of', () => {
    const { variables, warnings } = read('A=type=x,count=2');
    expect([variables, warnings.length]).toEqual([{ A: 'type=x', count: '2' }, 1]);
  });
});
