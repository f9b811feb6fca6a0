import type { Plugin } from 'esbuild';

/** Calls `apart` for every package that our code imports where it is used; esbuild puts its result there instead. */
export function packagesApart(apart: (name: string) => { path: string; external?: true; namespace?: string }): Plugin {
  return {
    name: 'packages-apart',
    setup(builder) {
      builder.onResolve({ filter: /^[^./]/ }, ({ path, kind, importer }) => {
        if (kind !== 'dynamic-import' || path.startsWith('node:') || importer.includes('node_modules'))
          return undefined;
        return apart(path);
      });
    },
  };
}

/** The name of the file that holds a package of its own. */
export const packageFile = (name: string): string => name.replace('@', '').replaceAll('/', '-');

/**
 * The names of a package's exports, as node gives them; of a CommonJS package the bundler would see a default export
 * alone.
 */
export async function exportedNames(name: string): Promise<string[]> {
  return Object.keys((await import(name)) as object).filter((each) => /^[A-Za-z_$][\w$]*$/.test(each));
}

/**
 * Loads a package when it is first imported. `load` is an expression that gives the exports of the package of a name.
 */
export const packageLoads = (load: (name: string) => string): Plugin => ({
  name: 'package-loads',
  setup(builder) {
    builder.onLoad({ filter: /./, namespace: 'package' }, async ({ path }) => {
      const names = await exportedNames(path);
      const exported = names.map((each) =>
        each === 'default' ? 'export default loaded.default;' : `export const ${each} = loaded.${each};`,
      );
      return { contents: [`const loaded = ${load(path)};`, ...exported].join('\n'), loader: 'js' };
    });
  },
});

/** Makes an entry for each package of which every export is in the result. */
export const packageEntries = (resolveDir: string): Plugin => ({
  name: 'package-entries',
  setup(builder) {
    builder.onResolve({ filter: /./ }, ({ kind, path }) =>
      kind === 'entry-point' ? { path, namespace: 'package-entry' } : undefined,
    );
    builder.onLoad({ filter: /./, namespace: 'package-entry' }, async ({ path }) => ({
      contents: `export { ${(await exportedNames(path)).join(', ')} } from ${JSON.stringify(path)};`,
      resolveDir,
    }));
  },
});
