import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runKind, runProvider, type Tools } from './exec-kind.ts';

/** Loads what --load-image names into every node. */
export async function loadImages(tools: Tools, cluster: string, signal: AbortSignal): Promise<void> {
  const archives = new Set<string>();
  try {
    for (const command of loadCommands(tools, cluster)) {
      if ('saves' in command) {
        archives.add(command.saves);
        await rm(command.saves, { force: true });
        await runProvider(tools, command.words, { signal });
      } else await runKind(tools, command.words, { signal });
    }
  } finally {
    for (const archive of archives) await rm(archive, { force: true });
  }
}

type LoadCommand =
  | { readonly words: readonly string[] }
  /** A command of the provider, and the archive it writes. */
  | { readonly words: readonly string[]; readonly saves: string };

/**
 * What loads images, in order. kind asks docker for images whatever the provider is, so those of another provider are
 * saved as archives before.
 */
export function loadCommands(
  { run, values, provider }: Pick<Tools, 'run' | 'values' | 'provider'>,
  cluster: string,
): LoadCommand[] {
  const images = values.loadImage.filter((image) => !isArchive(image));
  const archive = (path: string) => ({ words: ['load', 'image-archive', path, '--name', cluster] });
  const ofProvider =
    provider === 'docker'
      ? [{ words: ['load', 'docker-image', ...images, '--name', cluster] }]
      : images.flatMap((image, at) => {
          const saves = join(run.dir, `image-${at}.tar`);
          return [{ words: ['save', '-o', saves, image], saves }, archive(saves)];
        });
  return [...(images.length === 0 ? [] : ofProvider), ...values.loadImage.filter(isArchive).map(archive)];
}

/** Whether --load-image names an archive of images. */
export const isArchive = (image: string): boolean => image.endsWith('.tar');
