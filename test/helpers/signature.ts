import { createHash } from 'node:crypto';

/** What a signed 64-bit Mach-O program says of itself, read the way the loader of macOS reads it. */
export interface Signature {
  readonly identifier: string;
  readonly adHoc: boolean;
  /** Numbers of the pages whose bytes are not the ones that were signed. */
  readonly changed: readonly number[];
  /** Where the signed bytes end, the signature ends, and the last segment and the file end. */
  readonly ends: { readonly code: number; readonly signature: number; readonly segment: number; readonly file: number };
}

export function readSignature(program: Buffer): Signature {
  const commands = readCommands(program);
  const [signature] = commands.filter(({ kind }) => kind === 0x1d);
  if (signature === undefined) throw new Error('the program is not signed');
  const [offset, size] = [program.readUInt32LE(signature.at + 8), program.readUInt32LE(signature.at + 12)];
  const last = commands.filter(({ kind }) => kind === 0x19).at(-1)?.at ?? 0;
  const blob = program.subarray(offset, offset + size);
  if (blob.readUInt32BE(0) !== 0xfade0cc0) throw new Error('no signature where the header says one is');
  const directory = blob.subarray(blob.readUInt32BE(16));
  if (directory.readUInt32BE(0) !== 0xfade0c02) throw new Error('the signature has no code directory');
  const [hashes, name, pages, code] = [16, 20, 28, 32].map((at) => directory.readUInt32BE(at)) as [
    number,
    number,
    number,
    number,
  ];
  const pageSize = 2 ** (directory[39] ?? 0);
  const changed = Array.from({ length: pages }, (_, page) => page).filter((page) => {
    const bytes = program.subarray(page * pageSize, Math.min((page + 1) * pageSize, code));
    const signed = directory.subarray(hashes + page * 32, hashes + page * 32 + 32);
    return !createHash('sha256').update(bytes).digest().equals(signed);
  });
  return {
    identifier: directory.toString('latin1', name, directory.indexOf(0, name)),
    adHoc: (directory.readUInt32BE(12) & 2) !== 0,
    changed,
    ends: {
      code,
      signature: offset + size,
      segment: Number(program.readBigUInt64LE(last + 40) + program.readBigUInt64LE(last + 48)),
      file: program.length,
    },
  };
}

function readCommands(program: Buffer): { kind: number; at: number }[] {
  const commands: { kind: number; at: number }[] = [];
  let at = 32;
  for (let count = program.readUInt32LE(16); count > 0; count -= 1) {
    commands.push({ kind: program.readUInt32LE(at), at });
    at += program.readUInt32LE(at + 4);
  }
  return commands;
}
