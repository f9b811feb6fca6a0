import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CapacityWatch } from '../../../deployers/gce/capacity-errors.ts';

/** The reason that is found in a text that arrives in chunks of `size` bytes. */
function reasonIn(text: string, size: number, additional: readonly string[] = []): string | undefined {
  const watch = new CapacityWatch(additional);
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) watch.onOutput(bytes.subarray(at, at + size));
  return watch.reason;
}

test('finds a capacity error however the output is chunked', () => {
  const noise = fc.string({ maxLength: 3000 }).filter((text) => !/quota|stockout|exhausted/i.test(text));
  const errors = fc.constantFrom(
    'ZONE_RESOURCE_POOL_EXHAUSTED',
    "Quota 'CPUS' exceeded.",
    'STOCKOUT',
    'é QUOTA_EXCEEDED',
  );
  fc.assert(
    fc.property(noise, errors, noise, fc.integer({ min: 1, max: 200 }), (before, error, after, size) => {
      expect(reasonIn(before + error + after, size)).toBeDefined();
      expect(reasonIn(before, size)).toBeUndefined();
    }),
  );
});

test('matches the pattern of --up-retry-pattern', () => {
  expect(reasonIn('the moon is full', 3, ['moon is (full|new)'])).toBe('kube-up.sh printed /moon is (full|new)/');
});
