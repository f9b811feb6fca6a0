import { readFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { type Plugin, transform } from 'esbuild';

/**
 * Puts each of our modules into a function of its own, which runs when the module is wanted first. In the bundler's own
 * form the functions of all modules stand side by side in one, and V8 keeps a note about each of them, also of those
 * that belong to modules which a call does not need: half of what a short call has to read.
 *
 * `shared` gets the small functions that the bundler puts before each module, by name; the result has to be preceded
 * by them once.
 */
export const closures = (root: string, shared: Map<string, string>, define: Record<string, string>): Plugin => ({
  name: 'closures',
  setup(builder) {
    const { target } = builder.initialOptions;
    builder.onResolve({ filter: /^\.{1,2}\/.*\.ts$/ }, ({ path, resolveDir }) => ({
      path: relative(root, resolve(resolveDir, path)),
      namespace: 'closure',
    }));
    builder.onLoad({ filter: /.*/, namespace: 'closure' }, async ({ path }) => {
      const file = resolve(root, path);
      const { code } = await transform(await readFile(file, 'utf8'), {
        loader: 'ts',
        format: 'cjs',
        sourcefile: path,
        ...(target === undefined ? {} : { target }),
        define,
      });
      return { contents: plainExports(withoutShared(code, shared)), loader: 'js', resolveDir: dirname(file) };
    });
  },
});

/** Runs a module when it is wanted first; one that fails is run again. `exports` may be replaced while it runs. */
const LOADING = `
const kt2_modules = [];
function kt2_run(at, body) {
  const module = { exports: {} };
  kt2_modules[at] = module.exports;
  try {
    body(module.exports, module);
    return (kt2_modules[at] = module.exports);
  } catch (error) {
    kt2_modules[at] = undefined;
    throw error;
  }
}
`;

/**
 * Gives each module in the bundler's text the form of one function. The bundler's own is an object of a shape that no
 * other one has, and two functions, for each of hundreds of modules at every start.
 */
export function asFunctions(text: string): string {
  let count = 0;
  const code = text.replace(
    /^ {2}var (require_\w+) = __commonJS\(\{\n {4}"[^"\n]+"\(([^)\n]*)\) \{\n([\s\S]*?)^ {4}\}\n {2}\}\);\n/gm,
    (_, name: string, parameters: string, body: string) => {
      count += 1;
      return `function ${name}() { return kt2_modules[${count}] ?? kt2_run(${count}, (${parameters}) => {\n${body}}); }\n`;
    },
  );
  const left = /= __commonJS\(/.exec(code);
  if (left !== null) throw new Error('the bundler wraps a module in a way that is not known here');
  return LOADING + code;
}

/** What stands for the default export of a module that has none, without the bundler's copy of all the others. */
const DEFAULT =
  'var kt2_toESM = (module) => module.__esModule ? module : Object.create(module, { default: { value: module } });';

/** Takes the bundler's functions from the beginning: each is a statement whose further lines are indented or close it. */
function withoutShared(code: string, shared: Map<string, string>): string {
  // Under names of their own: the bundler has some of the same for itself.
  const renamed = code.replace(/\b__(?=(?:[a-z]\w+)\b)/g, 'kt2_');
  return renamed.replace(/^var (kt2_\w+) = .*\n(?:(?: |\}|\)).*\n)*/gm, (statement, name: string) => {
    shared.set(name, name === 'kt2_toESM' ? DEFAULT : statement);
    return '';
  });
}

/**
 * Exports as the values they are, at the end, when all are there: no module of ours imports itself in a circle. The
 * bundler's are functions that give the value each time.
 */
function plainExports(code: string): string {
  const [begin = '', names = ''] =
    /^var \w+_exports = \{\};\nkt2_export\(\w+, \{\n((?: {2}.*\n)*)\}\);\n/m.exec(code) ?? [];
  const exported = names.replace(/^ {2}(\w+): \(\) => (.*?),?$/gm, '$1: $2,');
  const plain = code
    .replace(begin, '')
    .replace(/^module\.exports = kt2_toCommonJS\(\w+\);\n/m, '')
    .replace(/\bimport\("(\.[^"]+\.ts)"\)/g, 'Promise.resolve().then(() => require("$1"))');
  const left = /kt2_(?:export|toCommonJS|reExport)\(/.exec(plain);
  if (left !== null) throw new Error(`the bundler says ${left[0]}…) in a way that is not known here`);
  return `${plain}module.exports = {\n${exported}};\n`;
}
