import type { Env } from '../api/env.ts';

const REFERENCE = /\\\$|\$(?:\{([^}]*)\}|([A-Za-z_][A-Za-z0-9_]*))/g;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Expands `$NAME` and `${NAME}` from `env`; `\$` is a plain dollar. What only a shell knows (`$1`, `$@`, `$?`, `$$`,
 * `${x:-y}`) is left as it is, since it is meant for the script it stands in. A variable that is not set expands to an
 * empty text and is reported to `onUnset`.
 */
export function expandEnv(arg: string, env: Env, onUnset: (name: string) => void): string {
  return arg.replace(REFERENCE, (reference: string, braced?: string, bare?: string) => {
    if (reference === '\\$') return '$';
    const name = braced ?? bare ?? '';
    if (!NAME.test(name)) return reference;
    const value = env[name];
    if (value === undefined) onUnset(name);
    return value ?? '';
  });
}
