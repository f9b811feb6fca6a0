import type { BigIntStats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RunError } from '../api/errors.ts';
import type { BuildOptions } from './flags.ts';

/** A file of a build, and where it is staged. */
export interface BuiltFile {
  /** Relative to the version's directory, with slashes. */
  readonly path: string;
  /** Absolute. */
  readonly local: string;
  readonly size: number;
  /** Changes whenever the file does. */
  readonly stamp: string;
}

/** From the release's `cluster/gce`, to `extra/gce`. A question mark marks a file that may be missing. */
const GCE_FILES = [
  ['configure-vm.sh?', 'configure-vm.sh'],
  ['gci/node.yaml', 'node.yaml'],
  ['gci/master.yaml', 'master.yaml'],
  ['gci/configure.sh', 'configure.sh'],
  ['gci/shutdown.sh?', 'shutdown.sh'],
  ['windows/configure.ps1', 'windows/configure.ps1'],
  ['windows/common.psm1', 'windows/common.psm1'],
  ['windows/k8s-node-setup.psm1', 'windows/k8s-node-setup.psm1'],
  ['windows/testonly/install-ssh.psm1', 'windows/install-ssh.psm1'],
  ['windows/testonly/user-profile.psm1', 'windows/user-profile.psm1'],
] as const;

/**
 * The files of a build as `krel push` lays them out: the release tars, the binaries of each platform, and with `gceFiles`
 * the startup files of GCE nodes; in the order of a walk through the directories.
 * Throws RunError when the tree has no build.
 */
export async function filesOfBuild({
  repoRoot,
  gceFiles,
}: Pick<BuildOptions, 'repoRoot' | 'gceFiles'>): Promise<BuiltFile[]> {
  const output = join(repoRoot, '_output');
  const tars = await below(join(output, 'release-tars'), '');
  if (tars.length === 0) throw new RunError(`nothing to stage: no build in ${join(output, 'release-tars')}`);
  const files = [
    ...tars,
    ...(await binaries(join(output, 'release-stage'))),
    ...(gceFiles ? await gceStartupFiles(join(output, 'release-stage', 'full', 'kubernetes', 'cluster', 'gce')) : []),
  ];
  return files.sort((a, b) => compareWalk(a.path, b.path));
}

/** `a/b` before `a-b`: a directory's content comes where the directory would. */
export function compareWalk(a: string, b: string): number {
  const [left, right] = [a.split('/'), b.split('/')];
  for (const [at, name] of left.entries()) {
    const other = right[at];
    if (other === undefined) return 1;
    if (name !== other) return name < other ? -1 : 1;
  }
  return left.length - right.length;
}

/** The binaries of each platform: those of the server if there are any, else those of client and node. */
async function binaries(stage: string): Promise<BuiltFile[]> {
  const found: BuiltFile[] = [];
  for (const platform of await namesIn(join(stage, 'client'))) {
    const [os, arch] = platform.split('-');
    const bin = (part: string) => below(join(stage, part, platform, 'kubernetes', part, 'bin'), `bin/${os}/${arch}/`);
    const server = await bin('server');
    found.push(...(server.length > 0 ? server : [...(await bin('client')), ...(await bin('node'))]));
  }
  return found;
}

async function gceStartupFiles(gce: string): Promise<BuiltFile[]> {
  const found: BuiltFile[] = [];
  for (const [from, to] of GCE_FILES) {
    const file = await built(join(gce, from.replace(/\?$/, '')), `extra/gce/${to}`);
    if (file !== undefined) found.push(file);
    else if (!from.endsWith('?'))
      throw new RunError(`the build has no ${join(gce, from)}, a startup file of GCE nodes`);
  }
  return found;
}

/** All files below a directory; none when it does not exist. */
async function below(directory: string, prefix: string): Promise<BuiltFile[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(missing);
  const files = await Promise.all(
    (entries ?? []).map(async (entry) => {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) return await below(path, `${prefix}${entry.name}/`);
      const file = await built(path, `${prefix}${entry.name}`);
      return file === undefined ? [] : [file];
    }),
  );
  return files.flat();
}

/** Follows links, as copying does; undefined when it is not a file or does not exist. */
async function built(local: string, path: string): Promise<BuiltFile | undefined> {
  const stats: BigIntStats | undefined = await stat(local, { bigint: true }).catch(missing);
  if (stats === undefined || !stats.isFile()) return undefined;
  return {
    path,
    local,
    size: Number(stats.size),
    stamp: `${stats.size} ${stats.mtimeNs} ${stats.ctimeNs} ${stats.ino}`,
  };
}

/** The names in a directory; none when it does not exist. */
export const namesIn = async (directory: string): Promise<string[]> => (await readdir(directory).catch(missing)) ?? [];

function missing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
}
