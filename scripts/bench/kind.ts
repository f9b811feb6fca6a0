// The kind deployer: what it adds to a kind that does nothing, and, where there are Docker, a node image and the real
// programs, a whole run against a real cluster with an empty cache. With KUBETEST2_ORIGINAL naming a folder with the
// programs of kubetest2 (kubetest2, kubetest2-kind, kubetest2-tester-ginkgo), the two are compared run by run.
// `node scripts/bench/kind.ts [ROUNDS]`: so many whole runs of each, interleaved, of which the medians count. Default: 1.
import { execFileSync, spawn } from 'node:child_process';
import { createHash, randomFillSync } from 'node:crypto';
import {
  copyFileSync,
  createReadStream,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { componentsFolder, missingComponents } from '../package/pinned.ts';

const VERSION = 'v1.36.1';
const PACKAGE_MB = 383;
const root = fileURLToPath(new URL('../..', import.meta.url));
const program = join(root, 'dist/kubetest2-ts.cjs');
const components = componentsFolder(process.env);
const bin = join(components, 'bin');
const original = process.env['KUBETEST2_ORIGINAL'] ?? '';
const wholeRuns = Number(process.argv[2] ?? 1);
const folder = mkdtempSync(join(tmpdir(), 'bench-kind-'));

try {
  await overhead();
  await headline();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** A run around a kind and a docker that answer at once, against the same run of noop. */
async function overhead(): Promise<void> {
  const rounds = 15;
  const fakes = join(folder, 'fakes');
  mkdirSync(fakes);
  const cluster = '"clusters":[{"name":"c","cluster":{"server":"https://127.0.0.1:1"}}]';
  const config = `{"current-context":"kind-k","contexts":[{"name":"kind-k","context":{"cluster":"c"}}],${cluster}}`;
  writeProgram(join(fakes, 'kind'), `[ "$1" != create ] || echo '${config}' >"$KUBECONFIG_OF_BENCH"`);
  writeProgram(join(fakes, 'docker'), '');
  const kubeconfig = join(folder, 'k');
  const env = { PATH: [fakes, '/usr/bin', '/bin'].join(delimiter), HOME: folder, KUBECONFIG_OF_BENCH: kubeconfig };
  const test = ['--test=exec', '--', 'true'];
  const commands = {
    kind: ours('kind', '--up', '--down', '--wait=0', '--cluster-name=k', `--kubeconfig=${kubeconfig}`, ...test),
    noop: ours('noop', '--up', '--down', ...test),
  };
  const samples = { kind: [] as Usage[], noop: [] as Usage[] };
  for (let round = 0; round <= rounds; round += 1) {
    for (const name of ['kind', 'noop'] as const) {
      const usage = usageOf(commands[name], env);
      // The first round fills the caches.
      if (round > 0) samples[name].push(usage);
    }
  }
  const more = (key: keyof Usage) =>
    median(samples.kind.map((each) => each[key])) - median(samples.noop.map((each) => each[key]));
  const ms = (key: keyof Usage) => `${(more(key) * 1000).toFixed(0)} ms`;
  console.log(
    `\`kind --up --down --test=exec -- true\` with a kind and a docker that do nothing takes ${ms('wall')} longer than with noop, ` +
      `${ms('cpu')} of CPU time, including the nine programs it starts (medians of ${rounds} interleaved runs).\n`,
  );
}

interface Usage {
  /** Seconds. */
  readonly wall: number;
  /** Seconds, user and system, children included. */
  readonly cpu: number;
}

/** bash's own `time` counts the CPU of the whole family in milliseconds. */
function usageOf(argv: readonly string[], env: Record<string, string>): Usage {
  const report = join(folder, 'time');
  const timed = 'TIMEFORMAT="%3R %3U %3S"; { time "$@" >/dev/null 2>&1; } 2>"$REPORT"';
  execFileSync('bash', ['-c', timed, 'bash', ...argv], { cwd: folder, env: { ...env, REPORT: report } });
  const [wall = 0, user = 0, system = 0] = readFileSync(report, 'utf8').trim().split(' ').map(Number);
  return { wall, cpu: user + system };
}

function writeProgram(path: string, script: string): void {
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

/** The whole run, with one quick spec of the real suite, from an empty cache. */
async function headline(): Promise<void> {
  const image = nodeImage();
  const missing = missingComponents(components, ['kind', 'kubectl', 'ginkgo', 'e2e.test']);
  if (image === undefined) missing.push('a kind node image in Docker');
  if (missing.length > 0) return console.log(`The run against a real cluster is left out: no ${missing.join(', ')}.`);
  const served = makePackage();
  console.log(
    `\`kind --up --down --test=ginkgo\` with one quick spec, ${VERSION}, a cluster of one node, an empty cache and a test package of ${PACKAGE_MB} MB from this machine:\n`,
  );
  console.log('| the server | kubetest2-ts | of which Up + Test + logs + Down | kubetest2 | ratio |');
  console.log('| --- | --- | --- | --- | --- |');
  for (const [name, rate] of [
    ['as fast as it can', Number.POSITIVE_INFINITY],
    ['20 MB/s for each connection', 20e6],
  ] as const) {
    const server = await serve(served, rate);
    const taken = { mine: [] as number[], theirs: [] as number[] };
    let parts = '';
    for (let round = 0; round < wholeRuns; round += 1) {
      taken.mine.push(await wholeRun('mine', image ?? '', server.url));
      parts = partsOfRun();
      if (original !== '') taken.theirs.push(await wholeRun('theirs', image ?? '', server.url));
    }
    await server.close();
    const [mine, theirs] = [median(taken.mine), median(taken.theirs)];
    const [shown, ratio] = original === '' ? ['', ''] : [`${theirs.toFixed(1)} s`, (mine / theirs).toFixed(2)];
    console.log(`| ${name} | ${mine.toFixed(1)} s | ${parts} | ${shown} | ${ratio} |`);
  }
  console.log(
    '\nkubetest2-ts waits in Up until the node is Ready and CoreDNS available. kubetest2 leaves that to e2e.test, which checks ' +
      'every 30 s: with a slow server the node is Ready before the package arrives.',
  );
}

/** What the last of our own runs says its parts took, in seconds. */
function partsOfRun(): string {
  const lines = readFileSync(join(folder, 'home-mine/artifacts/events.jsonl'), 'utf8').trim().split('\n');
  const events = lines.map((line) => JSON.parse(line) as { step?: string; argv?: string[]; seconds?: number });
  const step = (name: string) => events.find((each) => each.step === name && each.seconds !== undefined);
  const logs = events.find(({ argv }) => argv?.[0] === 'kind' && argv[1] === 'export');
  return [step('Up'), step('Test'), logs, step('Down')].map((each) => each?.seconds?.toFixed(1)).join(' + ');
}

async function wholeRun(whose: 'mine' | 'theirs', image: string, url: string): Promise<number> {
  const home = join(folder, `home-${whose}`);
  rmSync(home, { recursive: true, force: true });
  mkdirSync(join(home, '.cache'), { recursive: true });
  const kubeconfig = join(home, 'kubeconfig');
  const flags = [
    '--up',
    '--down',
    `--image-name=${image}`,
    `--cluster-name=bench-${whose}`,
    `--kubeconfig=${kubeconfig}`,
  ];
  const places = [`--rundir=${home}/rundir`, `--artifacts=${home}/artifacts`, '--run-id=bench'];
  const focus = '--focus-regex=Watchers should be able to start watching from a specific resource version';
  const tester = ['--test=ginkgo', '--', `--test-package-url=${url}`, `--test-package-version=${VERSION}`, focus];
  const words = ['kind', ...flags, ...places, ...tester];
  const argv = whose === 'mine' ? ours(...words) : [join(original, 'kubetest2'), ...words];
  const path = [original, bin, process.env['PATH']].filter((each) => each).join(delimiter);
  return await seconds(argv, { PATH: path, HOME: home });
}

function nodeImage(): string | undefined {
  try {
    const words = ['image', 'ls', '--filter', 'reference=*/node:v1.*', '--format', '{{.Repository}}:{{.Tag}}'];
    return (
      execFileSync('docker', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n')[0] ||
      undefined
    );
  } catch {
    return undefined;
  }
}

/** The files of a release by their paths, the package filled up with noise to the size of the real one. */
function makePackage(): ReadonlyMap<string, string> {
  const tests = join(folder, 'kubernetes/test/bin');
  mkdirSync(tests, { recursive: true });
  for (const name of ['e2e.test', 'ginkgo']) copyFileSync(join(bin, name), join(tests, name));
  const tar = join(folder, 'package.tar.gz');
  const pack = () => execFileSync('tar', ['--use-compress-program=gzip -1', '-cf', tar, 'kubernetes'], { cwd: folder });
  pack();
  const noise = randomFillSync(Buffer.alloc(1e6));
  const filler = join(tests, 'others');
  for (let left = PACKAGE_MB - statSync(tar).size / 1e6; left > 0; left -= 1) {
    writeFileSync(filler, randomFillSync(noise), { flag: 'a' });
  }
  pack();
  const at = `/release/${VERSION}`;
  const files = new Map([
    [`${at}/kubernetes-test-linux-amd64.tar.gz`, tar],
    [`${at}/bin/linux/amd64/kubectl`, join(bin, 'kubectl')],
  ]);
  for (const [path, file] of [...files]) {
    const content = readFileSync(file);
    for (const algorithm of ['sha256', 'sha512']) {
      const sum = `${file.replaceAll('/', '_')}.${algorithm}`;
      writeFileSync(join(folder, sum), createHash(algorithm).update(content).digest('hex'));
      files.set(`${path}.${algorithm}`, join(folder, sum));
    }
  }
  return files;
}

/** Serves files and parts of them, each connection at a rate in bytes a second. */
async function serve(files: ReadonlyMap<string, string>, rate: number) {
  const server = createServer((request, response) => {
    const file = files.get(request.url ?? '');
    if (file === undefined) response.writeHead(404).end();
    else answer(file, request, response, rate).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

async function answer(file: string, { headers, method }: IncomingMessage, response: ServerResponse, rate: number) {
  const { size } = statSync(file);
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? [];
  const start = Number(first ?? 0);
  const end = last ? Math.min(Number(last), size - 1) : size - 1;
  const part = first === undefined ? {} : { 'Content-Range': `bytes ${start}-${end}/${size}` };
  const common = { 'Content-Length': end - start + 1, 'Accept-Ranges': 'bytes', ETag: `"${size}"` };
  response.writeHead(first === undefined ? 200 : 206, { ...common, ...part });
  if (method === 'HEAD') return void response.end();
  const content = createReadStream(file, { start, end, highWaterMark: 256 * 1024 });
  return await pipeline(content, atRate(rate), response);
}

/** Passes bytes on at a rate in bytes a second. */
function atRate(rate: number) {
  return async function* (chunks: AsyncIterable<Buffer>) {
    let due = performance.now();
    for await (const chunk of chunks) {
      yield chunk;
      due += (chunk.length / rate) * 1000;
      const early = due - performance.now();
      if (early > 1) await delay(early);
    }
  };
}

function ours(...words: string[]): string[] {
  return [process.execPath, program, ...words];
}

/** How long a command takes; one that fails ends the benchmark with what it printed. */
async function seconds([command = '', ...words]: readonly string[], env: Record<string, string>): Promise<number> {
  const began = performance.now();
  const child = spawn(command, words, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      printed += chunk;
    });
  }
  const code = await new Promise((resolve) => {
    child.on('close', resolve);
  });
  const took = (performance.now() - began) / 1000;
  if (code !== 0) throw new Error(`${command} ${words.join(' ')} ended with ${code}:\n${printed}`);
  return took;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
