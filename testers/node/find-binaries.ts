import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { RunError } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import { findProgram } from '../../src/system/find-program.ts';
import type { Mode, NodeValues } from './binary-source.ts';
import { type Binaries, type Found, NAMES } from './test-binary.ts';

/** Finds the three binaries of a mode, building or downloading them if needed. Throws RunError. */
export async function findBinaries(
  mode: Exclude<Mode, 'make'>,
  values: NodeValues,
  run: Run,
  signal: AbortSignal,
): Promise<Found> {
  switch (mode) {
    case 'run-dir':
      return { binaries: await inDirectory(run.dir, 'build them with --build'), version: undefined };
    case 'path':
      return { binaries: onPath(run), version: undefined };
    case 'build':
      return { binaries: await build(resolve(run.cwd, values.repoRoot), run, signal), version: undefined };
    case 'package':
      return await (await import('./package.ts')).acquirePackage(values, run, signal);
  }
}

async function inDirectory(directory: string, advice: string): Promise<Binaries> {
  const missing: string[] = [];
  const paths = mapNames((name) => join(directory, name));
  for (const path of Object.values(paths)) await access(path).catch(() => missing.push(path));
  if (missing.length > 0) throw new RunError(`missing binaries: ${missing.join(', ')}; ${advice}`);
  return paths;
}

function onPath(run: Run): Binaries {
  return mapNames((name) => {
    const path = findProgram(name, run.env, run.cwd);
    if (path === undefined) throw new RunError(`${name} not found on PATH (--use-binaries-from-path)`);
    return path;
  });
}

async function build(root: string, run: Run, signal: AbortSignal): Promise<Binaries> {
  const what = ['cmd/kubelet', 'ginkgo', 'test/e2e_node/e2e_node.test'].join(' ');
  await run.exec(['make', `WHAT=${what}`], { signal, cwd: root });
  return await inDirectory(join(root, '_output', 'bin'), `\`make WHAT="${what}"\` did not create them`);
}

function mapNames(pathOf: (name: string) => string): Binaries {
  return { e2eNodeTest: pathOf(NAMES.e2eNodeTest), ginkgo: pathOf(NAMES.ginkgo), kubelet: pathOf(NAMES.kubelet) };
}
