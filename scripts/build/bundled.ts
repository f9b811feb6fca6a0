import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

/** A package of which something is inside the bundle. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** SPDX, as its package.json says; empty when it says none. */
  readonly license: string;
  /** Absolute. */
  readonly folder: string;
}

/** The packages that esbuild took something from, by name and version. */
export function bundledPackages(root: string, metafile: Metafile): BundledPackage[] {
  const folders = new Set<string>();
  for (const input of Object.keys(metafile.inputs)) {
    const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
    if (folder !== undefined) folders.add(folder);
  }
  return Array.from(folders, (folder) => readPackage(join(root, folder))).sort((a, b) => order(label(a), label(b)));
}

/** The licences of the bundled packages as one text. */
export function licenceText(packages: readonly BundledPackage[]): string {
  const parts = packages.map((each) => `${label(each)} (${each.license})\n\n${licenceFile(each.folder)}`);
  return `This program contains parts of the packages below.\n\n${parts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

function readPackage(folder: string): BundledPackage {
  const json = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
    license?: string | { type: string };
  };
  const { name, version, license = '' } = json;
  return {
    name,
    version,
    license: typeof license === 'string' ? license : license.type,
    folder,
  };
}

function licenceFile(folder: string): string {
  const file = readdirSync(folder)
    .sort(order)
    .find((name) => /^(?:licen[cs]e|copying)/i.test(name));
  return file === undefined
    ? 'It carries no licence file of its own.'
    : readFileSync(join(folder, file), 'utf8').trim();
}

const label = ({ name, version }: BundledPackage): string => `${name} ${version}`;

/** The order of code units, the same on every machine. */
export function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
