import { open } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { RunError, UsageError } from '../api/errors.ts';

/** An operating system and processor, in Go's names. */
export interface Platform {
  readonly os: string;
  readonly arch: string;
}

const PLATFORMS = ['linux/amd64', 'linux/arm64', 'linux/ppc64le', 'linux/s390x', 'darwin/amd64', 'darwin/arm64'];

/** Parses `linux/arm64`. Throws UsageError for a platform without published test binaries. */
export function parsePlatform(value: string): Platform {
  if (!PLATFORMS.includes(value))
    throw new UsageError(`unsupported platform ${JSON.stringify(value)} (supported: ${PLATFORMS.join(', ')})`);
  const [os = '', arch = ''] = value.split('/');
  return { os, arch };
}

/** The platform of this host. Throws UsageError as `parsePlatform` does. */
export const hostPlatform = (): Platform => platformOf({ platform: platform(), arch: arch() });

/** `linux/arm64`. */
export const platformName = ({ os, arch }: Platform): string => `${os}/${arch}`;

/** The platform of a machine, from node's names for it. Throws UsageError as `parsePlatform` does. */
export function platformOf(machine: { readonly platform: string; readonly arch: string }): Platform {
  const arch = { x64: 'amd64', ppc64: 'ppc64le' }[machine.arch] ?? machine.arch;
  return parsePlatform(`${machine.platform}/${arch}`);
}

/**
 * Throws RunError unless the file is a binary for that platform, or a script, which may wrap one. `what` names the file in
 * the message.
 */
export async function checkBinary(file: string, wanted: Platform, what: string): Promise<void> {
  const expected = `${wanted.os}/${wanted.arch}`;
  const found = await binaryPlatforms(file);
  if (found.length === 0 && (await isScript(file))) return;
  if (found.length === 0) throw new RunError(`${what} is not a binary for ${expected} or any other known platform`);
  if (!found.includes(expected)) throw new RunError(`${what} is a binary for ${found.join(' and ')}, not ${expected}`);
}

/** Whether a file begins with `#!`, so that the system starts an interpreter for it. */
async function isScript(file: string): Promise<boolean> {
  await using handle = await open(file, 'r');
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
  return bytesRead === 2 && buffer.toString('latin1') === '#!';
}

/** The platforms of a binary, by its ELF or Mach-O header; several for a universal one, none for other files. */
export async function binaryPlatforms(file: string): Promise<readonly string[]> {
  await using handle = await open(file, 'r');
  const { buffer: head, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0);
  const view = new DataView(head.buffer, head.byteOffset, bytesRead);
  if (bytesRead < 20) return [];
  switch (view.getUint32(0)) {
    case 0x7f454c46:
      return [elf(view)];
    case 0xcffaedfe:
      return [`darwin/${machCpu(view.getUint32(4, true))}`];
    case 0xcafebabe:
      return universal(view);
    default:
      return [];
  }
}

/** A BSD binary reads as linux: most headers do not distinguish them. */
function elf(view: DataView): string {
  const little = view.getUint8(5) === 1;
  const bits = view.getUint8(4) === 2 ? 64 : 32;
  const machine = view.getUint16(18, little);
  const names: Readonly<Record<string, string>> = {
    '62 little 64': 'amd64',
    '183 little 64': 'arm64',
    '21 little 64': 'ppc64le',
    '22 big 64': 's390x',
    '3 little 32': '386',
    '40 little 32': 'arm',
  };
  return `linux/${names[`${machine} ${little ? 'little' : 'big'} ${bits}`] ?? `machine ${machine}`}`;
}

function universal(view: DataView): string[] {
  const slices = Math.min(view.getUint32(4), 16);
  const at = Array.from({ length: slices }, (_, slice) => 8 + slice * 20).filter(
    (start) => start + 4 <= view.byteLength,
  );
  return at.map((start) => `darwin/${machCpu(view.getUint32(start))}`);
}

function machCpu(type: number): string {
  return { 16777223: 'amd64', 16777228: 'arm64' }[type] ?? `cpu ${type}`;
}
