import { expect, test } from 'vitest';
import type { Seen } from '../../../src/kube/skew/rules.ts';
import { askOnce, type Binary } from '../../../testers/ginkgo/test-binary.ts';

function binary(cached: boolean): Binary {
  const kept = new Map<string, unknown>();
  const notes = {
    read: async (name: string) => kept.get(name),
    write: async (name: string, value: unknown) => void kept.set(name, value),
  };
  return { path: '/run/ginkgo', origin: 'here', sha256: '', ...(cached ? { notes } : {}) };
}

async function askedTwice(of: Binary, answer: Seen<string>): Promise<number> {
  let asked = 0;
  const ask = async () => {
    asked += 1;
    return answer;
  };
  for (const _ of [1, 2]) expect(await askOnce(of, 'ginkgo-version', ask)).toEqual(answer);
  return asked;
}

test('a program out of the cache is asked about itself once, any other one each time', async () => {
  expect(await askedTwice(binary(true), { value: '2.28.1' })).toBe(1);
  expect(await askedTwice(binary(false), { value: '2.28.1' })).toBe(2);
});

test('what a program did not say is asked again, and each name has its own answer', async () => {
  expect(await askedTwice(binary(true), { unknown: 'it did not answer' })).toBe(2);
  const both = binary(true);
  await askOnce(both, 'ginkgo-version', async () => ({ value: '2.28.1' }));
  expect(await askOnce(both, 'kubectl-version', async () => ({ value: 'v1.36.1' }))).toEqual({ value: 'v1.36.1' });
});
