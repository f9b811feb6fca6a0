import { expect, test } from 'vitest';
import { signAdHoc } from '../../../scripts/package/sign.ts';
import { readSignature } from '../../helpers/signature.ts';

const SEGMENT_SIZE = 72;

/** A Mach-O program of a few pages: a header with two segments, some code, and what belongs to the linker. */
function program({ code = 9000, room = 64, segments = ['__TEXT', '__LINKEDIT'], linked = 1001 } = {}): Buffer {
  const commands = segments.length * SEGMENT_SIZE;
  const text = 32 + commands + room + code;
  const bytes = Buffer.alloc(text + linked, 7);
  bytes.fill(0, 0, 32 + commands + room);
  bytes.writeUInt32LE(0xfeedfacf, 0);
  bytes.writeUInt32LE(segments.length, 16);
  bytes.writeUInt32LE(commands, 20);
  segments.forEach((name, index) => {
    const at = 32 + index * SEGMENT_SIZE;
    const [from, size] = index === 0 ? [0, text] : [text, linked];
    bytes.writeUInt32LE(0x19, at);
    bytes.writeUInt32LE(SEGMENT_SIZE, at + 4);
    bytes.write(name, at + 8, 'latin1');
    bytes.writeBigUInt64LE(BigInt(from), at + 40);
    bytes.writeBigUInt64LE(BigInt(size), at + 48);
  });
  return bytes;
}

test('every page of a signed program is as it was signed, and the signature is the end of its last segment', () => {
  const { identifier, adHoc, changed, ends } = readSignature(signAdHoc(program(), 'me'));
  expect({ identifier, adHoc, changed }).toEqual({ identifier: 'me', adHoc: true, changed: [] });
  expect(ends.code % 16).toBe(0);
  expect([ends.signature, ends.segment]).toEqual([ends.file, ends.file]);
});

test('a byte that is changed later shows', () => {
  const signed = signAdHoc(program(), 'me');
  signed.writeUInt8(8, 5000);
  expect(readSignature(signed).changed).toEqual([1]);
});

test.each([
  ['another kind of file', Buffer.from('\x7fELF'), 'not a Mach-O program'],
  ['a program that is signed', signAdHoc(program(), 'me'), 'signed already'],
  ['a program without what belongs to the linker', program({ segments: ['__TEXT'] }), 'no __LINKEDIT'],
  ['a header that is full', program({ room: 0 }), 'no room for a signature'],
  ['a program whose end is missing', program().subarray(0, -1), 'cut short'],
])('refuses %s', (_, bytes, message) => {
  expect(() => signAdHoc(bytes, 'me')).toThrow(message);
});
