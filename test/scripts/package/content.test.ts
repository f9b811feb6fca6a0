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
  const meant =
    /^(?:package\.json|(?:README|CHANGELOG)\.md|LICENSE|docs\/[\w/-]+\.(?:md|svg)|dist\/(?:kubetest2-ts|index|packages\/[\w.-]+)\.js|dist\/launcher\.cjs|dist\/types\/[\w/-]+\.d\.ts|dist\/THIRD-PARTY-LICENSES\.txt)$/;
  expect(paths.filter((path) => !meant.test(path))).toEqual([]);
  expect(paths).toEqual(expect.arrayContaining(['dist/kubetest2-ts.js', 'dist/launcher.cjs', 'dist/index.js']));
});
