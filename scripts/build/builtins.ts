import { builtinModules } from 'node:module';
import type { Plugin } from 'esbuild';

/** Functions, classes, or objects with a state of their own: these are taken as they are. */
const whole = new Set(['assert', 'events', 'module', 'process', 'stream']);
/** Loaded by node itself in any case. */
const there = new Set(['buffer', 'fs', 'path', 'timers', 'url']);

/**
 * Takes node's own modules from the running process instead of importing them. An import of `node:crypto` loads it and
 * reads every one of its exports, which costs more than the rest of a short call; here a module is loaded when
 * something of it is used first.
 */
export const builtins: Plugin = {
  name: 'builtins',
  setup(builder) {
    const names = builtinModules.filter((name) => !name.startsWith('_')).join('|');
    builder.onResolve({ filter: new RegExp(`^(?:node:.*|${names})$`) }, ({ path }) => ({
      path: path.replace(/^node:/, ''),
      namespace: 'builtin',
      sideEffects: false,
    }));
    builder.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({ contents: contents(path), loader: 'js' }));
  },
};

function contents(name: string): string {
  if (name === 'process') return 'module.exports = process';
  const module = `process.getBuiltinModule(${JSON.stringify(`node:${name}`)})`;
  if (whole.has(name)) return `module.exports = ${module}`;
  // The bundler copies every property for every file that imports the module; of a prototype it copies nothing.
  if (there.has(name)) return `module.exports = Object.create(${module})`;
  return `let loaded; module.exports = Object.create(new Proxy({}, { get: (_, key) => (loaded ??= ${module})[key] }))`;
}
