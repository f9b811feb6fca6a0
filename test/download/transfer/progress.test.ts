import { expect, test } from 'vitest';
import type { Log } from '../../../src/api/log.ts';
import { openMeter, progressLine } from '../../../src/download/transfer/progress.ts';

test.each([
  [{ bytes: 180e6, total: 410e6, rate: 95e6, bar: false }, 'x 43%, 180 of 410 MB, 95 MB/s, 3s left'],
  [
    { bytes: 205e6, total: 410e6, rate: 1e6, bar: true },
    'x [############------------] 50%, 205 of 410 MB, 1.0 MB/s, 3m25s left',
  ],
  [{ bytes: 1e6, total: undefined, rate: 5e6, bar: true }, 'x 1.0 MB, 5.0 MB/s'],
  [{ bytes: 0, total: 10e6, rate: 0, bar: false }, 'x 0%, 0.0 of 10 MB, 0.0 MB/s'],
])('formats %j', (progress, line) => {
  expect(progressLine('x', progress)).toBe(line);
});

test('the rate is that of the last seconds; the line is updated a few times a second and removed at the end', () => {
  const shown: (string | undefined)[] = [];
  const log = { progress: (line: string | undefined) => shown.push(line), interactive: false } as unknown as Log;
  let at = 0;
  const meter = openMeter('x', log, () => at);
  meter.total = 2000e6;
  for (let tick = 0; tick < 100; tick += 1) {
    at += 100;
    meter.add(tick < 50 ? 1e6 : 10e6);
  }
  meter.end();
  expect(shown.filter((line) => line !== undefined).length).toBeLessThan(45);
  expect(shown.at(-2)).toMatch(/^x 2[67]%, 5\d\d of 2000 MB, (9\d|100) MB\/s, 1\ds left$/);
  expect(shown.at(-1)).toBeUndefined();
});
