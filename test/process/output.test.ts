import fc from 'fast-check';
import { expect, test } from 'vitest';
import { secretMask } from '../../src/logging/secrets.ts';
import { maskedEnd, Tail } from '../../src/process/output.ts';

const secret = 'Zq7rKv0Wp3Xn9LtBaaHHzzPPqq';
const mask = secretMask({ MY_TOKEN: secret });
const key = (lines: number): string =>
  `-----BEGIN RSA PRIVATE KEY-----\n${`MIIEowIIAAKCAQEAsecretlineZq7rKv0Wp3Xn9LtBxxxxxx\n`.repeat(lines)}-----END RSA PRIVATE KEY-----\n`;

/** The end of an output that came in chunks of any size. */
function endOf(text: string, sizes: readonly number[], limit: number): string {
  const tail = new Tail(limit + 32 * 1024);
  const bytes = Buffer.from(text);
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    tail.add(bytes.subarray(at, at + size));
    at += size;
  }
  return maskedEnd(tail.bytes(), limit, mask);
}

const sizes = fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 4 });
const filler = fc.constantFrom('x', 'log line\n', 'é ', ' ');

test('no part of a secret is left at a border of chunks or at the cut', () => {
  fc.assert(
    fc.property(
      filler,
      filler,
      fc.integer({ min: 0, max: 40_000 }),
      fc.integer({ min: 0, max: 1200 }),
      sizes,
      (a, b, n, m, chunks) => {
        const text = a.repeat(n) + secret + b.repeat(m);
        const end = endOf(text, chunks, 1000);
        expect(Buffer.byteLength(end)).toBeLessThanOrEqual(1003);
        for (let at = 0; at + 8 <= secret.length; at += 1) expect(end).not.toContain(secret.slice(at, at + 8));
        expect(text).toContain(end.replace(/^[\s\S]*\*\*\*/, '').replaceAll('\uFFFD', ''));
      },
    ),
    { numRuns: 200 },
  );
});

test('no line of a private key is left whose beginning was cut off', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 4000 }), sizes, (lines, after, chunks) => {
      const end = endOf(`start\n${key(lines)}${'y'.repeat(after)}\nlast`, chunks, 2000);
      expect(end).not.toContain('secretline');
      expect(end.endsWith('last')).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test('an output below the limit is kept whole', () => {
  expect(endOf('first\nlast\n', [3], 1000)).toBe('first\nlast\n');
});
