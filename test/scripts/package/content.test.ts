import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));

test('the npm package holds the program, its pages and its types, and nothing else', () => {
  const words = ['pack', '--dry-run', '--json', '--ignore-scripts', '--offline'];
  const [answer] = JSON.parse(execFileSync('npm', words, { cwd: root, encoding: 'utf8' })) as [
    { files: { path: string }[] },
  ];
  const paths = answer.files.map(({ path }) => path);
  const pages = execFileSync('git', ['ls-files', 'docs'], { cwd: root, encoding: 'utf8' }).trim().split('\n');
  const packages = ['diff', 'echarts-dist-echarts.esm.min', 'execa', 'google-cloud-storage'];
  packages.push('tar', 'undici', 'yaml', 'yargs');
  const meant = [
    ...['package.json', 'README.md', 'CHANGELOG.md', 'LICENSE', ...pages],
    ...['dist/kubetest2-ts.cjs', 'dist/launcher.cjs', 'dist/index.js', 'dist/THIRD-PARTY-LICENSES.txt'],
    ...packages.map((name) => `dist/packages/${name}.js`),
  ];
  const isType = (path: string) => /^dist\/types\/(?:src|deployers|testers|bin)\/[\w/-]+\.d\.ts$/.test(path);
  expect(new Set(paths.filter((path) => !isType(path)))).toEqual(new Set(meant));
  expect(paths).toContain('dist/types/src/index.d.ts');
});
