import { expect, onTestFinished, test } from 'vitest';
import { httpSource } from '../../src/download/transfer/http-source.ts';
import { gsParts } from '../../src/gcs/client.ts';
import { bytesOf, FAST_RETRIES, opened } from '../helpers/downloader.ts';
import { type Answer, hex, serve, status } from '../helpers/servers/files.ts';
import { noise } from '../helpers/test-package.ts';

const MEDIA = '/storage/v1/b/builds/o/ci%2Fv1.36.1%2Fkubectl';

/** The response of Cloud Storage for one generation; truncated at `cut`, if given. */
const generation =
  (number: number, bytes: Buffer, cut?: number): Answer =>
  (request, response) => {
    const [, from = '0', to = ''] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    const body = bytes.subarray(Number(from), to === '' ? undefined : Number(to) + 1);
    const end = Number(from) + body.length - 1;
    response.writeHead(request.headers.range === undefined ? 200 : 206, {
      'x-goog-generation': number,
      'content-length': body.length,
      'content-range': `bytes ${from}-${end}/${bytes.length}`,
    });
    if (cut === undefined) response.end(body);
    else response.write(body.subarray(0, cut), () => response.socket?.resetAndDestroy());
  };

test('a broken connection is resumed with the same generation', async () => {
  const bytes = noise(900_000);
  const server = await serve({
    [`${MEDIA}?alt=media`]: generation(1, bytes, 500_000),
    [`${MEDIA}?alt=media&generation=1`]: generation(1, bytes),
    [`${MEDIA}.sha512?alt=media`]: (_, response) => void response.end(hex('sha512', bytes)),
  });
  const { acquirer, signal } = opened({ gcsEndpoint: server.url });
  expect(bytesOf(await acquirer.file('gs://builds/ci/v1.36.1/kubectl', { signal })).equals(bytes)).toBe(true);
  expect(server.asked.some((each) => /generation=1 bytes=[1-9]/.test(each))).toBe(true);
});

test('an object that is replaced during the download is fetched again from the beginning', async () => {
  const [before, after] = [noise(900_000, 1), noise(900_000, 2)];
  const server = await serve({
    [`${MEDIA}?alt=media`]: (request, response, time) =>
      (time === 1 ? generation(1, before, 500_000) : generation(2, after))(request, response, time),
    [`${MEDIA}?alt=media&generation=1`]: status(404),
    [`${MEDIA}.sha512?alt=media`]: (_, response) => void response.end(hex('sha512', after)),
  });
  const { acquirer, signal, warnings } = opened({ gcsEndpoint: server.url });
  expect(bytesOf(await acquirer.file('gs://builds/ci/v1.36.1/kubectl', { signal })).equals(after)).toBe(true);
  expect(warnings).toEqual([
    expect.stringContaining('retry 2 of 4'),
    expect.stringContaining('gs://builds/ci/v1.36.1/kubectl changed while it was downloaded'),
  ]);
});

test.each([
  ['gs://b/o', { bucket: 'b', object: 'o' }],
  ['gs://b.c/p/q+r', { bucket: 'b.c', object: 'p/q+r' }],
  ['gs://b', undefined],
  ['gs:///o', undefined],
  ['https://b/o', undefined],
])('parses %s', (url, parts) => {
  expect(gsParts(url)).toEqual(parts);
});

test('headers of a request are not sent to another server it redirects to', async () => {
  const bytes = noise(5_000_000);
  const received: (string | undefined)[] = [];
  const elsewhere = await serve({
    '/object': (request, response, time) => {
      received.push(request.headers.authorization);
      generation(1, bytes)(request, response, time);
    },
  });
  const server = await serve({ '/object': status(302, '', { location: `${elsewhere.url}/object` }) });
  const http = httpSource({ env: {}, policy: FAST_RETRIES, connections: 1, insecure: () => false });
  onTestFinished(() => http.close());
  for (const from of [0, 1000, 2000]) {
    const ask = { from, signal: AbortSignal.timeout(5000) };
    (await http.open(`${server.url}/object`, ask, { headers: { authorization: 'Bearer secret' } })).discard();
  }
  expect(received).toEqual([undefined, undefined, undefined]);
});
