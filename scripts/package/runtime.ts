import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { extract } from 'tar';

/** What an executable runs on: as node calls them. */
export interface Platform {
  readonly os: 'linux';
  readonly cpu: 'x64' | 'arm64';
}

/** A runtime that was unpacked and checked. */
export interface Runtime {
  readonly version: string;
  /** Absolute; never to be written to. */
  readonly node: string;
  readonly licence: string;
}

type Pins = Readonly<Record<string, string>>;
const pins = JSON.parse(readFileSync(new URL('runtimes.json', import.meta.url), 'utf8')) as Pins;

/**
 * Node's own program for a platform, from npm's packages of it, kept in a folder between calls. Throws when the package
 * is not the one that is pinned.
 */
export async function runtimeFor({ os, cpu }: Platform, cache: string): Promise<Runtime> {
  const version = pins['version'] ?? '';
  const folder = join(cache, `node-${version}-${os}-${cpu}`);
  if (!existsSync(folder)) await fetchRuntime(`node-${os}-${cpu}@${version}`, pins[`${os}-${cpu}`] ?? '', folder);
  return { version, node: join(folder, 'bin/node'), licence: readFileSync(join(folder, 'LICENSE'), 'utf8') };
}

async function fetchRuntime(name: string, integrity: string, folder: string): Promise<void> {
  mkdirSync(join(folder, '..'), { recursive: true });
  const draft = mkdtempSync(`${folder}.`);
  try {
    const words = ['pack', name, '--silent', '--pack-destination', draft];
    const file = join(draft, execFileSync('npm', words, { cwd: draft, encoding: 'utf8' }).trim());
    const digest = `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`;
    if (digest !== integrity) throw new Error(`${name} is ${digest}, and runtimes.json says ${integrity}`);
    await extract({ file, cwd: draft, strip: 1 }, ['package/bin/node', 'package/LICENSE']);
    rmSync(file);
    renameSync(draft, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}
