import { accessSync, constants, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A real program that suites run against, and where its source comes from. */
export interface Component {
  readonly module: string;
  readonly package: string;
  readonly version: string;
  /** A compiled test binary. */
  readonly test?: boolean;
}

/** The components by the names of their programs. */
export const pinned: ReadonlyMap<string, Component> = new Map(
  Object.entries(
    JSON.parse(readFileSync(new URL('../ci/components.json', import.meta.url), 'utf8')) as Record<string, Component>,
  ),
);

/** Where components are kept between runs and checkouts; the programs are in `bin` below it. Absolute. */
export function componentsFolder(env: Readonly<Record<string, string | undefined>>): string {
  if (env['KUBETEST2_TEST_COMPONENTS']) return env['KUBETEST2_TEST_COMPONENTS'];
  const cache = env['XDG_CACHE_HOME'] || `${env['HOME']}/.cache`;
  return join(cache, 'kubetest2-ts-components');
}

/** The names of those components that are not there. */
export function missingComponents(folder: string, names: Iterable<string> = pinned.keys()): string[] {
  return [...names].filter((name) => !executable(join(folder, 'bin', name)));
}

export function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
