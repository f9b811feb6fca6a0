import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Env } from '../api/env.ts';
import { findProgram, isProgram, pathDirectories } from '../system/find-program.ts';

const DEPLOYER = 'kubetest2-';
const TESTER = 'kubetest2-tester-';

/** A program on PATH whose name is that of a deployer or tester. */
export interface PluginProgram {
  readonly name: string;
  readonly kind: 'deployer' | 'tester';
  /** Absolute. */
  readonly path: string;
  /** Later programs on PATH of the same name, which this one shadows. */
  readonly shadows: readonly string[];
}

/** The program of a plugin deployer: the first `kubetest2-NAME` on PATH. */
export const findDeployer = (name: string, env: Env, cwd: string): string | undefined =>
  isPluginName(name) ? findProgram(`${DEPLOYER}${name}`, env, cwd) : undefined;

/** The program of a plugin tester: the first `kubetest2-tester-NAME` on PATH. */
export const findTester = (name: string, env: Env, cwd: string): string | undefined =>
  isPluginName(name) ? findProgram(`${TESTER}${name}`, env, cwd) : undefined;

/** All deployers and testers on PATH, sorted by kind and name. */
export function findPlugins(env: Env, cwd: string): PluginProgram[] {
  const found = new Map<string, string[]>();
  for (const directory of pathDirectories(env, cwd)) {
    for (const entry of entriesOf(directory)) {
      if (!entry.startsWith(DEPLOYER) || entry === 'kubetest2-ts') continue;
      const path = join(directory, entry);
      if (!isProgram(path)) continue;
      const paths = found.get(entry) ?? [];
      if (!paths.includes(path)) found.set(entry, [...paths, path]);
    }
  }
  return Array.from(found, ([entry, [path = '', ...shadows]]) => plugin(entry, path, shadows)).sort(
    (a, b) => a.kind.localeCompare(b.kind) || a.name.localeCompare(b.name),
  );
}

function plugin(entry: string, path: string, shadows: readonly string[]): PluginProgram {
  return entry.startsWith(TESTER)
    ? { name: entry.slice(TESTER.length), kind: 'tester', path, shadows }
    : { name: entry.slice(DEPLOYER.length), kind: 'deployer', path, shadows };
}

/** Whether a name cannot lead out of the directories of PATH. */
const isPluginName = (name: string): boolean => name !== '' && !name.includes('/') && !name.includes('\0');

function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return []; // PATH commonly contains directories that do not exist.
  }
}
