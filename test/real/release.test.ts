import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parseLocation, publish, settings } from '../../scripts/package/publish.ts';
import { publishedChecksum } from '../../src/download/published-checksum.ts';
import { checksumFiles, sumsText } from '../../src/kube-build/checksums.ts';
import { digestBytes } from '../../src/kube-build/digest.ts';
import { never } from '../helpers/lease.ts';
import { describeWith } from '../helpers/real/components.ts';
import { GcsServer } from '../helpers/real/gcs.ts';

const world = (gcsEndpoint: string) => ({ acquire: settings(gcsEndpoint), env: {} });
const at = { bucket: 'b', prefix: 'tools/' };
const TAR = 'kubetest2-ts-1.0.0-linux-amd64.tar.gz';

/** A folder as `npm run package` leaves it. */
async function packages(content: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'release-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const files = { [TAR]: content, 'kubetest2-ts-1.0.0.tgz': 'npm' };
  const digests = new Map(Object.entries(files).map(([name, text]) => [name, digestBytes(text)]));
  const sums = { SHA256SUMS: sumsText(digests, 'sha256'), SHA512SUMS: sumsText(digests, 'sha512') };
  for (const [name, text] of [...Object.entries({ ...files, ...sums }), ...checksumFiles(digests)]) {
    await writeFile(join(folder, name), text);
  }
  return folder;
}

describeWith(['fake-gcs-server'], 'releases on the real fake-gcs-server', () => {
  const release = async (server: GcsServer, content: string, version = 'v1.0.0', channels = ['latest']) =>
    await publish({ folder: await packages(content), version, channels }, at, world(server.url), never());

  test('a release is whole, is verified by what downloads it, and its channels point at it', async () => {
    await using server = await GcsServer.start();
    const written = await release(server, 'program', 'v1.0.0', ['latest', 'stable']);
    expect(new Set(await server.names('tools/'))).toEqual(new Set(written));
    expect(await server.text(`tools/v1.0.0/${TAR}`)).toBe('program');
    const expected = await publishedChecksum(`https://host/tools/v1.0.0/${TAR}`, async (url) =>
      server.text(new URL(url).pathname.slice(1)),
    );
    expect(expected?.hex).toBe(digestBytes('program').sha512);
    for (const channel of ['latest', 'stable']) expect(await server.text(`tools/${channel}.txt`)).toBe('v1.0.0\n');
  });

  test('lists of checksums come after all they name', async () => {
    await using server = await GcsServer.start();
    const written = await release(server, 'program');
    const kinds = written.map((name) =>
      /SUMS$/.test(name) ? 2 : /\.sha\d+$/.test(name) ? 1 : /\.txt$/.test(name) ? 3 : 0,
    );
    expect(kinds).toEqual(kinds.toSorted((a, b) => a - b));
  });

  test('the same release again writes nothing, and other bytes under its version are refused', async () => {
    await using server = await GcsServer.start();
    await release(server, 'program');
    expect(await release(server, 'program')).toEqual([]);
    await expect(release(server, 'another')).rejects.toThrow('published files are not replaced');
    expect(await server.text(`tools/v1.0.0/${TAR}`)).toBe('program');
  });

  test('a call goes on where an earlier one ended', async () => {
    await using server = await GcsServer.start();
    const name = `tools/v1.0.0/${TAR}`;
    await fetch(`${server.url}/upload/storage/v1/b/b/o?uploadType=media&name=${encodeURIComponent(name)}`, {
      method: 'POST',
      body: 'program',
    });
    const written = await release(server, 'program');
    expect(written).not.toContain(name);
    expect(written).toContain('tools/v1.0.0/SHA256SUMS');
  });

  test('two publishers at once: the same bytes end well for both, different ones for at most one', async () => {
    await using server = await GcsServer.start();
    await Promise.all([release(server, 'same'), release(server, 'same')]);
    expect(await server.text('tools/latest.txt')).toBe('v1.0.0\n');
    const [one, two] = await Promise.allSettled([release(server, 'a', 'v2.0.0'), release(server, 'b', 'v2.0.0')]);
    expect([one.status, two.status]).toContain('rejected');
  });
});

test('a place for releases is a bucket, with folders or without', () => {
  expect(parseLocation('gs://b')).toEqual({ bucket: 'b', prefix: '' });
  expect(parseLocation('gs://b/a/c/')).toEqual({ bucket: 'b', prefix: 'a/c/' });
  for (const odd of ['', 'b', 'gs://', 'https://b/a', 'gs://b//a']) expect(parseLocation(odd)).toBeUndefined();
});
