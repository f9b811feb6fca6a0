import { createHash } from 'node:crypto';

/** Commands of a Mach-O header, as Apple's mach-o/loader.h numbers them. */
const SEGMENT = 0x19;
const CODE_SIGNATURE = 0x1d;
const HEADER_SIZE = 32;
const SIGNATURE_COMMAND_SIZE = 16;

/** Parts of a signature, as Apple's cs_blobs.h has them. Numbers inside are big-endian. */
const SUPER_BLOB = 0xfade0cc0;
const CODE_DIRECTORY = 0xfade0c02;
const SUPER_BLOB_SIZE = 20;
const CODE_DIRECTORY_SIZE = 88;
/** The first version that tells where the program's code is. */
const CODE_DIRECTORY_VERSION = 0x2_04_00;
/** Ad hoc: by nobody; the linker's: there is nothing but the code directory. */
const AD_HOC_BY_LINKER = 0x2 | 0x2_0000;
const SHA256 = { type: 2, size: 32 };
const PAGE_BITS = 12;
const MAIN_BINARY = 1n;

/**
 * Signs a 64-bit Mach-O program that carries no signature ad hoc, as a linker does on macOS: Apple's own processors run
 * nothing unsigned. Such a signature says that the bytes are whole, not whose they are. Returns the signed program;
 * throws when the file is no such program.
 */
export function signAdHoc(program: Buffer, identifier: string): Buffer {
  const { end, text, linkEdit } = readHeader(program);
  const codeLimit = Math.ceil(program.length / 16) * 16;
  const pages = Math.ceil(codeLimit / 2 ** PAGE_BITS);
  const name = Buffer.from(`${identifier}\0`);
  const hashes = CODE_DIRECTORY_SIZE + name.length;
  const directorySize = hashes + pages * SHA256.size;
  const signatureSize = Math.ceil((SUPER_BLOB_SIZE + directorySize) / 16) * 16;
  const signed = Buffer.alloc(codeLimit + signatureSize);
  program.copy(signed);

  signed.writeUInt32LE(signed.readUInt32LE(16) + 1, 16);
  signed.writeUInt32LE(signed.readUInt32LE(20) + SIGNATURE_COMMAND_SIZE, 20);
  [CODE_SIGNATURE, SIGNATURE_COMMAND_SIZE, codeLimit, signatureSize].forEach((word, index) => {
    signed.writeUInt32LE(word, end + index * 4);
  });
  const linkEditSize = BigInt(signed.length) - signed.readBigUInt64LE(linkEdit + 40);
  const page = 2n ** 14n;
  signed.writeBigUInt64LE(((linkEditSize + page - 1n) / page) * page, linkEdit + 32);
  signed.writeBigUInt64LE(linkEditSize, linkEdit + 48);

  const blob = signed.subarray(codeLimit);
  // The one part of kind 0, the code directory, follows.
  writeWords(blob, [SUPER_BLOB, SUPER_BLOB_SIZE + directorySize, 1, 0, SUPER_BLOB_SIZE]);
  const directory = blob.subarray(SUPER_BLOB_SIZE);
  writeWords(directory, [CODE_DIRECTORY, directorySize, CODE_DIRECTORY_VERSION, AD_HOC_BY_LINKER]);
  writeWords(directory.subarray(16), [hashes, CODE_DIRECTORY_SIZE, 0, pages, codeLimit]);
  directory.set([SHA256.size, SHA256.type, 0, PAGE_BITS], 36);
  directory.writeBigUInt64BE(signed.readBigUInt64LE(text + 40), 64);
  directory.writeBigUInt64BE(signed.readBigUInt64LE(text + 48), 72);
  directory.writeBigUInt64BE(MAIN_BINARY, 80);
  name.copy(directory, CODE_DIRECTORY_SIZE);
  for (let index = 0; index < pages; index += 1) {
    const from = index * 2 ** PAGE_BITS;
    const hash = createHash('sha256').update(signed.subarray(from, Math.min(from + 2 ** PAGE_BITS, codeLimit)));
    hash.digest().copy(directory, hashes + index * SHA256.size);
  }
  return signed;
}

/** Where in a program its commands end, and where two of its segments' commands begin. Bytes. */
function readHeader(program: Buffer): { end: number; text: number; linkEdit: number } {
  if (program.length < HEADER_SIZE || program.readUInt32LE(0) !== 0xfeedfacf) throw new Error('not a Mach-O program');
  const end = HEADER_SIZE + program.readUInt32LE(20);
  const segments = new Map<string, number>();
  for (let at = HEADER_SIZE; at < end; at += program.readUInt32LE(at + 4)) {
    if (program.readUInt32LE(at) === CODE_SIGNATURE) throw new Error('the program is signed already');
    if (program.readUInt32LE(at) !== SEGMENT) continue;
    segments.set(program.toString('latin1', at + 8, at + 24).replace(/\0.*$/, ''), at);
  }
  const [text, linkEdit] = [segments.get('__TEXT'), segments.get('__LINKEDIT')];
  if (text === undefined || linkEdit === undefined) throw new Error('the program has no __TEXT or no __LINKEDIT');
  if (program.subarray(end, end + SIGNATURE_COMMAND_SIZE).some((byte) => byte !== 0)) {
    throw new Error('the header of the program has no room for a signature');
  }
  const last = program.readBigUInt64LE(linkEdit + 40) + program.readBigUInt64LE(linkEdit + 48);
  if (last > BigInt(program.length)) throw new Error('the program is cut short');
  return { end, text, linkEdit };
}

function writeWords(to: Buffer, words: readonly number[]): void {
  words.forEach((word, index) => {
    to.writeUInt32BE(word, index * 4);
  });
}
