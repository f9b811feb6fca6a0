// The ginkgo tester with a test package of 400 MB from a server on this machine, every byte verified, against what a shell
// can do, `curl | tee >(sha512sum) | tar xz`, and, with KUBETEST2_ORIGINAL naming a folder that holds it, against
// kubetest2-tester-ginkgo. Whole processes, interleaved rounds, ratios of medians. Called with a role it is the server.
import { execFileSync, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { arch, platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { checkBar } from './bars/bar.ts';

const VERSION = 'v1.36.1';
const HOST = { os: platform(), arch: arch() === 'x64' ? 'amd64' : arch() };
const PACKAGE = `/release/${VERSION}/kubernetes-test-${HOST.os}-${HOST.arch}.tar.gz`;
const KUBECTL = `/release/${VERSION}/bin/${HOST.os}/${HOST.arch}/kubectl`;
const MEMBERS = ['kubernetes/test/bin/e2e.test', 'kubernetes/test/bin/ginkgo'];
const ROUNDS = 3;
/** Bytes a second of one throttled connection. */
const THROTTLE = 20e6;
const program = fileURLToPath(new URL('../../dist/kubetest2-ts.cjs', import.meta.url));
const original = join(process.env['KUBETEST2_ORIGINAL'] ?? '', 'kubetest2-tester-ginkgo');

/** Serves the packages of a folder: under /fast as they are, under /slow at so many bytes a second for each connection. */
function serve(folder: string): void {
  const server = createServer((request, response) => {
    const [, speed, name = '', path = ''] = /^\/(fast|slow)\/(\w+)(\/.*)$/.exec(request.url ?? '') ?? [];
    const [, plain, sum] = /^(.*?)(\.sha256|\.sha512)?$/.exec(path) ?? [];
    const file = plain === PACKAGE ? `${name}.tar.gz` : plain === KUBECTL ? 'kubectl' : undefined;
    if (file === undefined) response.writeHead(404).end();
    else if (sum !== undefined) response.end(readFileSync(join(folder, file + sum)));
    else void send(join(folder, file), speed === 'slow' ? THROTTLE : undefined, request, response);
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
}

async function send(
  file: string,
  limit: number | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { size } = statSync(file);
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  const start = Number(from ?? 0);
  const end = Math.min(size - 1, to ? Number(to) : size - 1);
  response.writeHead(from === undefined ? 200 : 206, {
    etag: '"1"',
    'content-length': end - start + 1,
    ...(from === undefined ? {} : { 'content-range': `bytes ${start}-${end}/${size}` }),
  });
  const bytes = createReadStream(file, { start, end, highWaterMark: limit === undefined ? 1 << 20 : 1 << 17 });
  if (limit === undefined) {
    bytes.pipe(response);
    return;
  }
  const begun = performance.now();
  let sent = 0;
  for await (const chunk of bytes) {
    if (response.destroyed) return;
    response.write(chunk);
    sent += chunk.length;
    await sleep(Math.max(0, (sent / limit) * 1000 - (performance.now() - begun)));
  }
  response.end();
}

async function compare(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-acquire-'));
  const parts = { standIn: standInProgram(folder), filler: goPrograms() };
  generate(folder, 'large', parts, { suite: 3, others: 7 });
  generate(folder, 'small', parts, { suite: 1, others: 1 });
  const server = fork(fileURLToPath(import.meta.url), ['serve', folder]);
  try {
    const port = await new Promise<number>((resolve) => server.once('message', (sent) => resolve(Number(sent))));
    const at = (path: string): string => `http://127.0.0.1:${port}/${path}`;
    const named = join(folder, 'kubetest2-tester-ginkgo');
    symlinkSync(program, named);
    const ours = (path: string, cache: string, ...more: string[]) =>
      runTester([process.execPath, named, `--cache-dir=${join(folder, cache)}`, ...more], at(path), folder, cache);
    const theirs = (cache: string) => runTester([original], at('fast/large'), folder, cache);
    const [shell, cold, warm, goCold, goWarm] = [new Series(), new Series(), new Series(), new Series(), new Series()];
    // Fills the cache of compiled code, as any run before this one would have.
    ours('fast/small', 'first');
    for (let round = 0; round < ROUNDS; round += 1) {
      cold.add(ours('fast/large', `ours${round}`));
      warm.add(ours('fast/large', `ours${round}`));
      shell.add(pipeline(at(`fast/large${PACKAGE}`), folder));
      if (!existsSync(original)) continue;
      goCold.add(theirs(`theirs${round}`));
      goWarm.add(theirs(`theirs${round}`));
    }
    const small = ours('fast/small', 'small');
    const one = ours('slow/large', 'one', '--download-connections=1');
    const four = ours('slow/large', 'four', '--download-connections=4');
    const rows: [string, Series][] = [
      ['`curl \\| tee >(sha512sum) \\| tar xz`', shell],
      ["kubetest2's tester, cold, nothing verified", goCold],
      ["kubetest2's tester, warm", goWarm],
      ['kubetest2-ts, cold, every byte verified', cold],
      ['kubetest2-ts, warm', warm],
    ];
    const megabytes = Math.round(statSync(join(folder, 'large.tar.gz')).size / 1e6);
    console.log(
      [
        `The ginkgo tester with a package of ${megabytes} MB from a server on the same machine, of which two of ten binaries are wanted, the first and the third, and a ginkgo that does nothing; half of its 1.1 GB precedes the end of the third. Medians of ${ROUNDS} interleaved rounds, whole processes; the version check is off.`,
        '',
        "| | wall | CPU | wall, relative to the pipeline | wall, relative to kubetest2's tester | peak memory |",
        '| --- | --- | --- | --- | --- | --- |',
        ...rows.filter(([, { taken }]) => taken).map(([name, each]) => row(name, each, shell, goCold, goWarm)),
        '',
        `A package of a quarter of the size peaks at ${Math.round(small.memory)} MiB. From a server that gives each connection ${THROTTLE / 1e6} MB/s, four connections are ${ratio(one.wall, four.wall)} times as fast as one; they peak at ${Math.round(four.memory)} MiB.`,
        '',
        'The pipeline unpacks to the end; both testers stop when their binaries are complete, and kubetest2-ts verifies the checksum of the whole package. kubetest2 keeps the package and unpacks it again each time; kubetest2-ts keeps the binaries.',
        ...(goCold.taken
          ? []
          : ['', 'KUBETEST2_ORIGINAL names no folder with kubetest2-tester-ginkgo, so that is left out.']),
      ].join('\n'),
    );
    checkBar('cold, relative to the pipeline', cold.wall / shell.wall, { most: 0.4 });
    if (goCold.taken) checkBar("cold, relative to kubetest2's tester", cold.wall / goCold.wall, { most: 0.75 });
    // It does not grow with the package.
    for (const { memory } of [cold, small, four]) checkBar('peak memory in MiB', memory, { most: 200 });
  } finally {
    server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Warm is compared with warm, everything else with cold. */
function row(name: string, each: Series, shell: Series, goCold: Series, goWarm: Series): string {
  const warm = name.endsWith('warm');
  const original = warm ? goWarm : goCold;
  const cells = [
    name,
    `${Math.round(each.wall * 1000)} ms`,
    `${Math.round(each.cpu * 1000)} ms`,
    ratio(each.wall, shell.wall),
    original.taken ? ratio(each.wall, original.wall) : '',
    each.memory > 0 ? `${each.memory} MiB` : '',
  ];
  return `| ${cells.join(' | ')} |`;
}

interface Sample {
  /** Seconds. */
  readonly wall: number;
  /** Seconds, user and system, children included. */
  readonly cpu: number;
  /** MiB; 0 where it is not known. */
  readonly memory: number;
}

/** Samples of the same thing. */
class Series {
  readonly #samples: Sample[] = [];

  add(sample: Sample): void {
    this.#samples.push(sample);
  }

  get taken(): boolean {
    return this.#samples.length > 0;
  }

  get wall(): number {
    return this.#median('wall');
  }

  get cpu(): number {
    return this.#median('cpu');
  }

  get memory(): number {
    return Math.round(Math.max(...this.#samples.map(({ memory }) => memory)));
  }

  #median(what: 'wall' | 'cpu'): number {
    const sorted = this.#samples.map((each) => each[what]).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  }
}

function ratio(a: number, b: number): string {
  const value = a / b;
  return value < 0.1 ? value.toFixed(3) : value.toFixed(2);
}

/** One run of a tester in a run directory of its own. */
function runTester(tester: readonly string[], url: string, folder: string, cache: string): Sample {
  const run = mkdtempSync(join(folder, 'run-'));
  const caches = join(folder, 'caches', cache);
  mkdirSync(caches, { recursive: true });
  const [preload, memory] = [join(folder, 'preload.cjs'), join(run, 'memory')];
  const report = `require('node:fs').writeFileSync(process.env.MEMORY, String(process.resourceUsage().maxRSS))`;
  writeFileSync(preload, `process.on('exit', () => ${report})`);
  const [file = '', ...rest] = tester;
  const loaded = file === process.execPath ? ['--require', preload] : [];
  const off = file === process.execPath ? ['--check-version-skew=off'] : [];
  const words = [...loaded, ...rest, ...off, `--test-package-url=${url}`, `--test-package-version=${VERSION}`];
  const sample = timed([file, ...words], {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    MEMORY: memory,
    ARTIFACTS: join(run, 'artifacts'),
    KUBETEST2_RUN_DIR: join(run, 'rundir'),
    ...(file === process.execPath ? {} : { XDG_CACHE_HOME: caches }),
  });
  const kilobytes = existsSync(memory) ? Number(readFileSync(memory, 'utf8')) : 0;
  rmSync(run, { recursive: true });
  return { ...sample, memory: kilobytes / 1024 };
}

function pipeline(url: string, folder: string): Sample {
  const out = mkdtempSync(join(folder, 'run-'));
  const members = MEMBERS.map((name) => `'${name}'`).join(' ');
  const script = `curl -sS "$1" | tee >(sha512sum >"$2/sum") | tar xz -C "$2" ${members}; wait`;
  const sample = timed(['bash', '-c', script, 'bash', url, out], { PATH: process.env['PATH'] ?? '' });
  rmSync(out, { recursive: true });
  return { ...sample, memory: 0 };
}

/** bash's own `time` counts the CPU of the whole family. What a failing command printed is told. */
function timed(argv: readonly string[], env: Readonly<Record<string, string>>): Omit<Sample, 'memory'> {
  const script = 'TIMEFORMAT="%3R %3U %3S"; exec 3>&1; { time "$@" 1>&2 2>&4; } 4>&2 2>&3';
  const times = execFileSync('bash', ['-c', script, 'bash', ...argv], { env, encoding: 'utf8', stdio: 'pipe' });
  const [wall = 0, user = 0, system = 0] = times.trim().split(' ').map(Number);
  return { wall, cpu: user + system };
}

/**
 * What is wanted out of a package says what it is when it is asked, as the real programs do, and does nothing else,
 * successfully.
 */
function standInProgram(folder: string): Buffer {
  const source = join(folder, 'main.go');
  writeFileSync(
    source,
    `package main
import ("fmt"; "os"; "path/filepath")
func main() {
  if len(os.Args) < 2 { return }
  switch filepath.Base(os.Args[0]) + " " + os.Args[1] {
  case "e2e.test --version": fmt.Println("${VERSION}")
  case "e2e.test --help": fmt.Println("  --ginkgo.focus string\\n  --ginkgo.label-filter string\\n  --kubectl-path string")
  case "ginkgo version": fmt.Println("Ginkgo Version 2.27.2")
  case "kubectl version": fmt.Println(\`{"clientVersion":{"major":"1","minor":"36","gitVersion":"${VERSION}"}}\`)
  }
}`,
  );
  const built = join(folder, 'stand-in');
  const words = ['build', '-ldflags=-s -w', '-o', built, source];
  execFileSync('go', words, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  return readFileSync(built);
}

/** The toolchain itself, some 80 MB: what Go compiles is packed and unpacked at a pace of its own. */
function goPrograms(): Buffer {
  const root = execFileSync('go', ['env', 'GOROOT'], { encoding: 'utf8' }).trim();
  const folders = [join(root, 'bin'), join(root, 'pkg/tool', `${HOST.os}_${HOST.arch}`)];
  const programs = folders.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  return Buffer.concat(programs.map((program) => readFileSync(program)));
}

/**
 * A package like the one that was measured first: 1.1 GB of Go's programs, e2e.test first, ginkgo third, so that half of
 * it has to be unpacked. Each part is packed once and used for all, for a gzip may consist of many.
 */
function generate(
  folder: string,
  name: string,
  { standIn, filler }: { readonly standIn: Buffer; readonly filler: Buffer },
  { suite, others }: { readonly suite: number; readonly others: number },
): void {
  // What follows a program in its file is nothing to whoever starts it.
  const programs = {
    suite: Buffer.concat([standIn, ...Array.from({ length: suite }, () => filler)]),
    large: filler,
    ginkgo: Buffer.concat([standIn, filler.subarray(0, 12_000_000)]),
  };
  const packed = { suite: member(programs.suite), large: member(programs.large), ginkgo: member(programs.ginkgo) };
  const parts: Buffer[] = [];
  const add = (path: string, which: keyof typeof programs): void =>
    void parts.push(gzipSync(header(path, programs[which].length)), packed[which]);
  add(MEMBERS[0] ?? '', 'suite');
  add('kubernetes/test/bin/second', 'suite');
  add(MEMBERS[1] ?? '', 'ginkgo');
  for (let at = 0; at < others; at += 1) add(`kubernetes/test/bin/other${at}`, 'large');
  const whole = Buffer.concat([...parts, gzipSync(Buffer.alloc(1024))]);
  for (const [file, bytes] of [[`${name}.tar.gz`, whole] as const, ['kubectl', standIn] as const]) {
    writeFileSync(join(folder, file), bytes);
    for (const algorithm of ['sha256', 'sha512'])
      writeFileSync(join(folder, `${file}.${algorithm}`), createHash(algorithm).update(bytes).digest('hex'));
  }
}

function member(bytes: Buffer): Buffer {
  return gzipSync(Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]), { level: 6 });
}

/** The block before a file in a tar. */
function header(path: string, size: number): Buffer {
  const block = Buffer.alloc(512);
  block.write(path, 0);
  block.write('0000755\0', 100);
  block.write('0000000\0', 108);
  block.write('0000000\0', 116);
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  block.write('00000000000\0', 136);
  block.write('        ', 148);
  block.write('0', 156);
  block.write('ustar\0', 257);
  block.write('00', 263);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

const [role, ...words] = process.argv.slice(2);
if (role === 'serve') serve(words[0] ?? '');
else await compare();
