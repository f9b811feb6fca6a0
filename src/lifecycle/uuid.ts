import { closeSync, openSync, readSync } from 'node:fs';

/**
 * A new random UUID (RFC 9562, version 4), from the system's own generator: to load node:crypto for it takes longer than
 * all else a short run does before its first child.
 */
export function newUuid(): string {
  const bytes = Buffer.alloc(16);
  const source = openSync('/dev/urandom', 'r');
  try {
    readSync(source, bytes);
  } finally {
    closeSync(source);
  }
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
