import type { Digests } from './digest.ts';
import { compareWalk } from './files.ts';

/** The digests of a build's files, by their paths. */
export type DigestsByPath = ReadonlyMap<string, Digests>;

/** The files at the root that list the digests of all others. */
export const SUMS = ['SHA256SUMS', 'SHA512SUMS'] as const;

/** The text of a checksum list: digest, two spaces, path; in the order of a walk; no line end after the last. */
export function sumsText(files: DigestsByPath, kind: 'sha256' | 'sha512'): string {
  return [...files]
    .sort(([a], [b]) => compareWalk(a, b))
    .map(([path, digests]) => `${digests[kind]}  ${path}`)
    .join('\n');
}

/** The paths in a checksum list. */
export function pathsOf(sums: string): string[] {
  return sums.split('\n').flatMap((line) => /^[0-9a-f]+ {2}(.+)$/.exec(line)?.[1] ?? []);
}

/** The checksum files beside each file: a digest, no line end. */
export function* checksumFiles(files: DigestsByPath): Generator<readonly [path: string, text: string]> {
  for (const [path, { sha256, sha512 }] of files) {
    yield [`${path}.sha256`, sha256];
    yield [`${path}.sha512`, sha512];
  }
}
