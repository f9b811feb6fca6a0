import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { waitUntil } from '../../src/system/wait.ts';
import { type BuildSpec, DAY, type Ending, HOUR, jobFiles, random, writeFiles } from '../helpers/job-history.ts';
import { component, describeWith } from '../helpers/real/components.ts';
import { Sandbox } from '../helpers/sandbox.ts';

const NOW = Date.parse('2026-11-23T13:00:00Z');
const AT = '--now=2026-11-23T13:00:00Z';

function builds(fails: number, days: number, presubmit = false): BuildSpec[] {
  const chance = random(fails * 1000 + days);
  const names = Array.from(
    { length: 200 },
    (_, at) => `[sig-x] a test with the number ${at} should work [Conformance]`,
  );
  return Array.from({ length: days * 8 }, (_, at) => {
    const passed = chance() >= fails;
    const tests = names.map((name) => [name, !passed && chance() < 0.05 ? 'failed' : 'passed'] as [string, Ending]);
    return {
      started: NOW - days * DAY + at * 3 * HOUR,
      seconds: 3600 * (1 + chance() / 5),
      passed,
      tests: Object.fromEntries(tests),
      ...(presubmit && { pull: { number: 100 + at, head: `abcdef${1000 + at}` } }),
    };
  });
}

describeWith(['fake-gcs-server'], 'with a real fake-gcs-server', () => {
  test.each([
    ['logs', false],
    ['pr-logs/directory', true],
  ])('jobs below %s are judged as in a copy of the bucket', async (layout, presubmit) => {
    using sandbox = new Sandbox();
    const files = new Map([
      ...jobFiles('ci-foo', builds(0.02, 12, presubmit)),
      ...jobFiles('ci-foo-canary', builds(0.03, 12, presubmit)),
    ]);
    writeFiles(join(sandbox.dir, 'data/bucket'), files);
    const endpoint = await start(join(sandbox.dir, 'data'));
    const jobs = (root: string) => [`${root}/${layout}/ci-foo`, `${root}/${layout}/ci-foo-canary`];
    const flags = [AT, `--gcs-endpoint=${endpoint}`];
    const remote = await sandbox.run(['stability', ...jobs('gs://bucket'), ...flags, '--json=remote.json']);
    const local = await sandbox.run(['stability', ...jobs('data/bucket'), AT, '--json=local.json']);
    expect([0, 1, 5], remote.stderr).toContain(remote.code);
    expect(remote.code).toBe(local.code);
    const read = (name: string) => JSON.parse(sandbox.read(name).replaceAll(join(sandbox.dir, 'data/'), 'gs://'));
    expect(read('remote.json')).toEqual(read('local.json'));
    expect(read('remote.json').canary.runs.found).toBe(96);
    const again = await sandbox.run(['stability', ...jobs('gs://bucket'), ...flags]);
    expect(again.stdout).toBe(remote.stdout);
  });
});

/** A real fake-gcs-server with the files of a directory; its URL. */
async function start(data: string): Promise<string> {
  const port = await freePort();
  const words = ['-scheme', 'http', '-host', '127.0.0.1', '-port', `${port}`, '-backend', 'memory', '-data', data];
  const child = spawn(component('fake-gcs-server'), words, { stdio: 'ignore' });
  onTestFinished(async () => {
    child.kill();
    await once(child, 'exit');
  });
  const endpoint = `http://127.0.0.1:${port}`;
  await waitUntil(async () => ((await answers(endpoint)) ? true : undefined), {
    every: 100,
    signal: AbortSignal.timeout(60_000),
  });
  return endpoint;
}

const answers = async (endpoint: string): Promise<boolean> =>
  await fetch(`${endpoint}/storage/v1/b/bucket/o?maxResults=1`).then(
    ({ ok }) => ok,
    () => false,
  );

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const chromium = ['chromium-headless-shell', 'chromium'].find((name) => {
  try {
    execFileSync(name, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});

describe.skipIf(chromium === undefined)(`the page in Chromium${chromium ? '' : ' (left out: no chromium)'}`, () => {
  test('is as wide as the screen, narrow or wide, light or dark', async () => {
    using sandbox = new Sandbox();
    writeFiles(sandbox.dir, jobFiles('ci-foo', builds(0.05, 20)));
    writeFiles(sandbox.dir, jobFiles('ci-foo-canary', builds(0.2, 20)));
    await sandbox.run(['stability', 'logs/ci-foo', 'logs/ci-foo-canary', AT, '--html=page.html', '--for=blocking']);
    const page = join(sandbox.dir, 'page.html');
    const probe = `<script>document.body.dataset.seen = [document.documentElement.scrollWidth, [...document.querySelectorAll('svg')].filter((each) => each.getBoundingClientRect().width > 0).length, getComputedStyle(document.body).backgroundColor].join('|')</script></body>`;
    writeFileSync(page, readFileSync(page, 'utf8').replace('</body>', probe));
    const look = (width: number, ...flags: string[]) => {
      const words = ['--no-sandbox', '--disable-gpu', '--dump-dom', `--window-size=${width},2000`, ...flags];
      const dom = execFileSync(chromium ?? '', [...words, `file://${page}`], { encoding: 'utf8', stdio: 'pipe' });
      return /data-seen="([^"]*)"/.exec(dom)?.[1]?.split('|') ?? [];
    };
    for (const [width, background, ...flags] of [
      [400, 'rgb(255, 255, 255)'],
      [1200, 'rgb(255, 255, 255)'],
      [400, 'rgb(22, 23, 27)', '--blink-settings=preferredColorScheme=0'],
      [1200, 'rgb(22, 23, 27)', '--blink-settings=preferredColorScheme=0'],
    ] as const) {
      const [seen, plots, colour] = look(width, ...flags);
      expect(Number(seen)).toBeLessThanOrEqual(width);
      expect(Number(plots)).toBe(4);
      expect(colour).toBe(background);
    }
  });
});
