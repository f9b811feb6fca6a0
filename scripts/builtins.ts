import { builtinModules } from 'node:module';
import type { Plugin } from 'esbuild';

/** Loaded by node itself in any case, or used as a function or class: these are taken as they are. */
const eager = new Set(['assert', 'buffer', 'events', 'fs', 'module', 'path', 'process', 'stream', 'timers', 'url']);

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
  if (eager.has(name)) return `module.exports = ${module}`;
  // The bundler copies the prototype, not the properties, which are looked up there when they are used.
  return `let loaded; module.exports = Object.create(new Proxy({}, { get: (_, key) => (loaded ??= ${module})[key] }))`;
}
