import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runKind, runProvider, type Tools } from './exec-kind.ts';

/** Loads the images of --load-image into every node. */
export async function loadImages(tools: Tools, cluster: string, signal: AbortSignal): Promise<void> {
  const archives = new Set<string>();
  try {
    for (const command of loadCommands(tools, cluster)) {
      if ('archive' in command) {
        archives.add(command.archive);
        await rm(command.archive, { force: true });
        await runProvider(tools, command.args, { signal });
      } else await runKind(tools, command.args, { signal });
    }
  } finally {
    for (const archive of archives) await rm(archive, { force: true });
  }
}

type LoadCommand =
  | { readonly args: readonly string[] }
  /** A command of the provider, and the archive that it writes. */
  | { readonly args: readonly string[]; readonly archive: string };

/**
 * The commands that load images, in order. kind loads images only from docker, so those of another provider are first
 * saved as archives.
 */
export function loadCommands(
  { run, values, provider }: Pick<Tools, 'run' | 'values' | 'provider'>,
  cluster: string,
): LoadCommand[] {
  const images = values.loadImage.filter((image) => !isArchive(image));
  const loadArchive = (path: string) => ({ args: ['load', 'image-archive', path, '--name', cluster] });
  const ofProvider =
    provider === 'docker'
      ? [{ args: ['load', 'docker-image', ...images, '--name', cluster] }]
      : images.flatMap((image, at) => {
          const archive = join(run.dir, `image-${at}.tar`);
          return [{ args: ['save', '-o', archive, image], archive }, loadArchive(archive)];
        });
  return [...(images.length === 0 ? [] : ofProvider), ...values.loadImage.filter(isArchive).map(loadArchive)];
}

/** Whether a value of --load-image is an archive of images. */
export const isArchive = (image: string): boolean => image.endsWith('.tar');
