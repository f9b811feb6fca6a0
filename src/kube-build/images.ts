import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError, RunError } from '../api/errors.ts';
import type { Exec } from '../api/exec.ts';
import type { Run } from '../api/run.ts';
import { delay } from '../system/wait.ts';

/**
 * Pushes the images of a build to a registry with docker, one for each architecture and a manifest list, tagged with the
 * version. Nothing is signed. Throws CommandError when docker fails, RunError when the build has no images.
 */
export async function pushImages(
  repoRoot: string,
  registry: string,
  version: string,
  run: Pick<Run, 'env' | 'exec' | 'log'>,
  signal: AbortSignal,
): Promise<void> {
  const tag = version.replaceAll('+', '_');
  const directory = join(repoRoot, '_output', 'release-images');
  const docker = dockerOf(run, signal);
  const archesOf = new Map<string, string[]>();
  for (const { arch, file } of await tarballs(directory)) {
    const image = await pushOne(docker, file, { registry, arch, tag });
    archesOf.set(image, [...(archesOf.get(image) ?? []), arch]);
  }
  if (archesOf.size === 0) throw new RunError(`cannot push images to ${registry}: no images in ${directory}`);
  for (const [image, arches] of archesOf) {
    await pushManifest(docker, image, arches, tag, signal);
    run.log.info(`Pushed ${image}:${tag} for ${arches.join(', ')}`);
  }
}

type Docker = (...args: readonly string[]) => ReturnType<Exec>;

function dockerOf({ env, exec }: Pick<Run, 'env' | 'exec'>, signal: AbortSignal): Docker {
  // Older versions of docker have no `manifest` without the variable.
  const withManifests = { ...env, DOCKER_CLI_EXPERIMENTAL: 'enabled' };
  return (...args) => exec(['docker', ...args], { signal, env: withManifests, output: 'capture', tracked: true });
}

async function tarballs(directory: string): Promise<{ arch: string; file: string }[]> {
  const arches = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const found = arches
    .filter((entry) => entry.isDirectory())
    .map(async ({ name: arch }) => {
      const files = await readdir(join(directory, arch), { recursive: true });
      return files.filter((file) => file.endsWith('.tar')).map((file) => ({ arch, file: join(directory, arch, file) }));
    });
  return (await Promise.all(found)).flat().sort((a, b) => (a.file < b.file ? -1 : 1));
}

/** Loads an image, pushes it to the registry and removes it. Returns its name without architecture and tag. */
async function pushOne(
  docker: Docker,
  file: string,
  { registry, arch, tag }: { registry: string; arch: string; tag: string },
): Promise<string> {
  const loaded = await docker('load', '-qi', file);
  const [, original, name] = /^Loaded image: (\S+\/([^/\s]+):[^:/\s]+)$/m.exec(loaded.stdout) ?? [];
  if (original === undefined || name === undefined) {
    throw new RunError(
      `docker load did not print the name of the image in ${file}: ${loaded.tail.trim().slice(0, 500)}`,
    );
  }
  const suffix = `-${arch}`;
  const image = `${registry}/${name.endsWith(suffix) ? name.slice(0, -suffix.length) : name}`;
  const target = `${image}-${arch}:${tag}`;
  await docker('tag', original, target);
  await docker('push', target);
  await docker('rmi', original, target);
  return image;
}

async function pushManifest(
  docker: Docker,
  image: string,
  arches: readonly string[],
  tag: string,
  signal: AbortSignal,
): Promise<void> {
  const whole = `${image}:${tag}`;
  const parts = arches.map((arch) => ({ arch, part: `${image}-${arch}:${tag}` }));
  await docker('manifest', 'create', '--amend', whole, ...parts.map(({ part }) => part));
  for (const { arch, part } of parts) await docker('manifest', 'annotate', '--arch', arch, whole, part);
  // This request fails more often than others.
  for (let wait = 1000, left = 4; ; wait *= 1.5, left -= 1) {
    try {
      await docker('manifest', 'push', whole, '--purge');
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (left === 0 || !(error instanceof CommandError) || error.exitCode === undefined) throw error;
    }
    await delay(wait, signal);
  }
}
