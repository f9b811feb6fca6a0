import { expect, test } from 'vitest';
import { openSweep } from '../../../src/download/transfer/collect-garbage.ts';

test('buffers that nobody holds are gone soon, however many pass', () => {
  const sweep = openSweep();
  const least = process.memoryUsage().arrayBuffers;
  let most = 0;
  for (let at = 0; at < 400; at += 1) {
    const chunk = Buffer.allocUnsafeSlow(1 << 20).fill(at);
    sweep(chunk.length);
    most = Math.max(most, process.memoryUsage().arrayBuffers - least);
  }
  expect(most).toBeLessThan(32 << 20);
});
