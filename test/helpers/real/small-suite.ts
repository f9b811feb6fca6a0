import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { componentsFolder, executable } from '../../../scripts/package/pinned.ts';

const source = fileURLToPath(new URL('suite', import.meta.url));

/**
 * The small suite of test/helpers/real/suite as a compiled `e2e.test`: its path, or undefined where there is no Go to compile
 * it. Kept among the components by its content.
 */
export function smallSuite(): string | undefined {
  const hash = createHash('sha256');
  for (const name of readdirSync(source).toSorted()) hash.update(name).update(readFileSync(join(source, name)));
  const directory = join(componentsFolder(process.env), 'suites', hash.digest('hex').slice(0, 16));
  const path = join(directory, 'e2e.test');
  if (executable(path)) return path;
  const draft = `${path}.${process.pid}`;
  try {
    mkdirSync(directory, { recursive: true });
    const args = ['test', '-c', '-trimpath', '-ldflags', '-s -w -X suite.version=v1.36.1', '-o', draft, '.'];
    const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=mod -buildvcs=false', GOWORK: 'off' };
    execFileSync('go', args, { cwd: source, env, stdio: ['ignore', 'pipe', 'pipe'] });
    renameSync(draft, path);
    return path;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}
