import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { releaseAt } from '../../../deployers/kind/fetch-kind.ts';
import { type Answer, hex, object, serve, text } from '../../acquire/server.ts';
import { Machine } from './launch.ts';

/** A program for this machine, in kind's place: it does nothing and passes. */
const program = readFileSync('/bin/true');
const file = `kind-${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
const sum = text(`${hex('sha256', program)}  ${file}\n`);

/** The kind that was used, from a machine without one of its own; undefined when Up did not come so far. */
async function fetched(routes: Record<string, Answer>, flags: readonly string[]) {
  const server = await serve(routes);
  using machine = new Machine();
  const words = ['--up', '--wait=0', `--kind-url=${server.url}`, `--cache-dir=${machine.folder}/cache`, ...flags];
  const ended = await machine.run(words, { PATH: machine.withoutKind() });
  const used = machine.exists('rundir/r1/kind');
  const metadata = JSON.parse(machine.text('artifacts/metadata.json'));
  return {
    stderr: ended.stderr,
    used,
    url: String(metadata['kind-url']).replace(server.url, ''),
    sha256: metadata['kind-sha256'],
  };
}

describe('--kind-version', () => {
  test('fetches a release, checks it against its .sha256sum and uses it', async () => {
    const routes = { [`/v9.9.9/${file}`]: object(program), [`/v9.9.9/${file}.sha256sum`]: sum };
    const found = await fetched(routes, ['--kind-version=9.9.9']);
    expect(found).toMatchObject({ used: true, url: `/v9.9.9/${file}`, sha256: hex('sha256', program) });
  });

  test('without a word, and no kind on PATH, is the pinned release: other bytes are refused', async () => {
    const found = await fetched({ [`/v0.33.0/${file}`]: object(program), [`/v0.33.0/${file}.sha256sum`]: sum }, []);
    expect(found.used).toBe(false);
    expect(found.stderr).toContain('this program');
  });

  test('refuses a release with another checksum', async () => {
    const wrong = text(`${'0'.repeat(64)}  ${file}\n`);
    const routes = { [`/v9.9.9/${file}`]: object(program), [`/v9.9.9/${file}.sha256sum`]: wrong };
    expect(await fetched(routes, ['--kind-version=v9.9.9'])).toMatchObject({ used: false });
  });

  test('ci has no checksum and needs --allow-unverified', async () => {
    const routes = { [`/latest/${file}?run=r1`]: object(program) };
    expect(await fetched(routes, ['--kind-version=ci'])).toMatchObject({ used: false });
    expect(await fetched(routes, ['--kind-version=ci', '--allow-unverified'])).toMatchObject({ used: true });
  });

  test.each([
    ['newest', 2, /is not a version, latest, ci, path or a path/],
    ['./nothing', 2, /nothing is not a program that can be run/],
    ['path', 3, /there is no kind on PATH/],
  ])('%s ends with %i', async (version, code, sentence) => {
    using machine = new Machine();
    const ended = await machine.run(['--up', `--kind-version=${version}`], { PATH: machine.withoutKind() });
    expect(ended.code).toBe(code);
    expect(ended.stderr).toMatch(sentence);
  });
});

test('the newest release is read from where its page was found', () => {
  expect(releaseAt('https://github.com/kubernetes-sigs/kind/releases/tag/v0.33.0')).toBe('v0.33.0');
  expect(() => releaseAt('https://github.com/login')).toThrow('which is no release');
});
