import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ShortageWatch } from '../../../deployers/gce/capacity-errors.ts';

/** What the watch makes of a text that arrives in pieces of so many bytes. */
function seen(text: string, size: number, further: readonly string[] = []): string | undefined {
  const watch = new ShortageWatch(further);
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) watch.see(bytes.subarray(at, at + size));
  return watch.why;
}

test('a shortage is seen however the output is cut', () => {
  const noise = fc.string({ maxLength: 3000 }).filter((text) => !/quota|stockout|exhausted/i.test(text));
  const words = fc.constantFrom(
    'ZONE_RESOURCE_POOL_EXHAUSTED',
    "Quota 'CPUS' exceeded.",
    'STOCKOUT',
    'é QUOTA_EXCEEDED',
  );
  fc.assert(
    fc.property(noise, words, noise, fc.integer({ min: 1, max: 200 }), (before, said, after, size) => {
      expect(seen(before + said + after, size)).toBeDefined();
      expect(seen(before, size)).toBeUndefined();
    }),
  );
});

test('a pattern of the user counts too', () => {
  expect(seen('the moon is full', 3, ['moon is (full|new)'])).toBe('it printed /moon is (full|new)/');
});
