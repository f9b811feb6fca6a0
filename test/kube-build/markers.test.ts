import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseVersion } from '../../src/kube/version.ts';
import { buildAndStage } from '../../src/kube-build/build-and-stage.ts';
import { isNewer } from '../../src/kube-build/markers.ts';
import { never } from '../helpers/lease.ts';
import { FakeGcs } from '../helpers/servers/gcs.ts';
import { scene } from '../helpers/staging.ts';

const VERSION = 'v1.36.0-alpha.1.123+abcdef0123456';

/** Stages a build and points the markers at it, with what the markers say before. */
async function publish(
  before: Readonly<Record<string, string>> = {},
  stage = 'gs://b/ci',
  setUp?: (gcs: FakeGcs) => void,
) {
  await using gcs = await FakeGcs.start();
  await using here = await scene({ gcsEndpoint: gcs.url });
  for (const [name, text] of Object.entries(before)) gcs.put(name, text);
  setUp?.(gcs);
  await buildAndStage(here.options({ stage, updateLatest: true }), here.run, never());
  const markers = [...gcs.objects].filter(([name]) => name.endsWith('.txt'));
  return {
    texts: Object.fromEntries(markers.map(([name, { bytes }]) => [name, bytes.toString()])),
    of: (name: string) => gcs.objects.get(name),
    uploads: gcs.uploads,
    log: here.run.log.lines,
  };
}

const pointing = (version: string) => ({
  'ci/latest.txt': version,
  'ci/latest-1.txt': version,
  'ci/latest-1.36.txt': version,
});

test('creates missing markers, after everything else, with caching disabled', async () => {
  const { texts, of, uploads } = await publish();
  expect(texts).toEqual(pointing(VERSION));
  expect(of('ci/latest.txt')).toMatchObject({ type: 'text/plain', cacheControl: 'private, max-age=0, no-transform' });
  expect(uploads.slice(-3)).toEqual(Object.keys(pointing('')));
});

test('updates older markers, keeps newer ones', async () => {
  const before = { 'ci/latest.txt': 'v1.37.0-alpha.0', 'ci/latest-1.36.txt': 'v1.36.0-alpha.1.9+aaaaaaa' };
  const { texts, log } = await publish(before);
  expect(texts).toEqual({ ...pointing(VERSION), 'ci/latest.txt': 'v1.37.0-alpha.0' });
  expect(log.join('\n')).toMatch('latest.txt at v1.37.0-alpha.0: it is not older');
});

test('rejects a marker that is not a version, and keeps it', async () => {
  await expect(publish({ 'ci/latest.txt': '<html>' })).rejects.toThrow(/latest.txt: "<html>" is not a version/);
});

test('of two publishers the newer version wins', async () => {
  for (const [theirs, wins] of [
    ['v1.36.0-alpha.1.200+bbbbbbb', 'v1.36.0-alpha.1.200+bbbbbbb'],
    ['v1.36.0-alpha.1.100+bbbbbbb', VERSION],
  ] as const) {
    let done = false;
    const { texts } = await publish({}, 'gs://b/ci', (gcs) => {
      gcs.beforeUpload = (name) => {
        if (name !== 'ci/latest.txt' || done) return;
        done = true;
        gcs.put(name, theirs);
      };
    });
    expect(texts['ci/latest.txt']).toBe(wins);
  }
});

test('builds under devel have no markers', async () => {
  const { texts, log } = await publish({}, 'gs://b/devel');
  expect(texts).toEqual({});
  expect(log.join()).toMatch('Ignoring --update-latest: only builds under ci');
});

test('the markers of gs://b/ci/job are in ci/job', async () => {
  expect(Object.keys((await publish({}, 'gs://b/ci/job')).texts)[0]).toBe('ci/job/latest.txt');
});

const version = (text: string) => {
  const parsed = parseVersion(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
};

test.for([
  ['v1.30.1', 'v1.30.0', true],
  ['v1.30.0', 'v1.30.0', false],
  ['v1.30.0+b', 'v1.30.0+a', false],
  ['v1.30.0-beta.0', 'v1.30.0-alpha.9', true],
  ['v1.30.0-11+x', 'v1.30.0-rc.2.10+y', true],
  ['v1.30.0-rc.2.10+y', 'v1.30.0-11+x', true],
  ['v1.28.1-2+x', 'v1.29.0-rc.0.20+y', false],
  ['v1.30.0-11+x', 'v1.30.0', false],
] as const)('%s is newer than %s: %s', ([mine, theirs, newer]) => {
  expect(isNewer(version(mine), version(theirs))).toBe(newer);
});

test('no version is newer than itself', () => {
  const part = fc.nat({ max: 99 });
  const pre = fc.constantFrom('', '-alpha.1', '-rc.0.3', '-7');
  fc.assert(
    fc.property(part, part, part, pre, (major, minor, patch, end) => {
      const each = parseVersion(`v${major + 1}.${minor}.${patch}${end}`);
      expect(each && isNewer(each, each)).toBe(false);
    }),
  );
});
