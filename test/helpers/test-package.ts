import { gzipSync } from 'node:zlib';
import { Header } from 'tar';

export interface Member {
  readonly path: string;
  readonly bytes?: Buffer;
  readonly type?: 'File' | 'SymbolicLink' | 'Link' | 'CharacterDevice' | 'BlockDevice' | 'FIFO' | 'Directory';
  readonly linkpath?: string;
  /** What the header says, when it lies. */
  readonly size?: number;
}

/** A tar of members just as they are given, also those no tar program would make. */
export function tarOf(...members: readonly Member[]): Buffer {
  const blocks: Buffer[] = [];
  for (const { path, bytes = Buffer.alloc(0), type = 'File', linkpath, size } of members) {
    const header = new Header({
      path,
      mode: 0o755,
      size: size ?? bytes.length,
      type,
      mtime: new Date(0),
      linkpath: linkpath ?? '',
    });
    header.encode();
    blocks.push(header.block as Buffer, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512));
  }
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/** The same, packed. */
export function packageOf(...members: readonly Member[]): Buffer {
  return gzipSync(tarOf(...members), { level: 1 });
}

/** Bytes that do not repeat, the same each time. */
export function noise(size: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(size);
  let state = seed;
  for (let at = 0; at + 4 <= size; at += 4) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes.writeUInt32LE(state, at);
  }
  return bytes;
}

/** A header such as a program for that processor has, and some bytes. */
export function elf(machine: number, { big = false, size = 4096, seed = 1 } = {}): Buffer {
  const bytes = noise(size, seed);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, big ? 2 : 1, 1, 0]);
  if (big) bytes.writeUInt16BE(machine, 18);
  else bytes.writeUInt16LE(machine, 18);
  return bytes;
}

export const E2E = 'kubernetes/test/bin/e2e.test';
export const GINKGO = 'kubernetes/test/bin/ginkgo';
