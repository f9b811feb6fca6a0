import { expect, test } from 'vitest';
import type { Seen } from '../../../src/kube/skew/rules.ts';
import { type Binary, cachedProbe } from '../../../testers/ginkgo/test-binary.ts';

function binary(cached: boolean): Binary {
  const kept = new Map<string, unknown>();
  const notes = {
    read: async (name: string) => kept.get(name),
    write: async (name: string, value: unknown) => void kept.set(name, value),
  };
  return { path: '/run/ginkgo', origin: 'here', sha256: '', ...(cached ? { notes } : {}) };
}

async function probesOfTwoCalls(of: Binary, result: Seen<string>): Promise<number> {
  let probes = 0;
  const probe = async () => {
    probes += 1;
    return result;
  };
  for (const _ of [1, 2]) expect(await cachedProbe(of, 'ginkgo-version', probe)).toEqual(result);
  return probes;
}

test('probes a binary of the cache once, and any other each time', async () => {
  expect(await probesOfTwoCalls(binary(true), { value: '2.28.1' })).toBe(1);
  expect(await probesOfTwoCalls(binary(false), { value: '2.28.1' })).toBe(2);
});

test('probes again for unknown facts, and caches by name', async () => {
  expect(await probesOfTwoCalls(binary(true), { unknown: 'it did not respond' })).toBe(2);
  const both = binary(true);
  await cachedProbe(both, 'ginkgo-version', async () => ({ value: '2.28.1' }));
  expect(await cachedProbe(both, 'kubectl-version', async () => ({ value: 'v1.36.1' }))).toEqual({ value: 'v1.36.1' });
});
