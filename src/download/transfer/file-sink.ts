import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { Sink } from './sink.ts';

/** Opens a sink that writes the whole object to one new file, which gets the name `name`. */
export async function openFileSink(path: string, name: string): Promise<Sink> {
  const handle = await open(path, 'wx', 0o600);
  const hash = createHash('sha256');
  let size = 0;
  return {
    write: async (chunk) => {
      hash.update(chunk);
      size += chunk.length;
      await writeAll(handle, chunk);
    },
    end: async () => new Map([[name, { path, sha256: hash.digest('hex'), size }]]),
    destroy: () => handle.close(),
  };
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at)).bytesWritten;
}
