// Fetching a test package of 400 MB from a server on this machine, every byte verified, against what a shell can do:
// `curl | tee >(sha512sum) | tar xz`. Interleaved rounds, ratios of medians. Called with a role it is the server or
// one fetch: those are processes of their own, made of one bundle as the published program is.
import { execFile, execFileSync, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { openAcquirer } from '../../src/acquire/open-acquirer.ts';

const PACKAGE = '/release/v1.36.1/kubernetes-test-linux-amd64.tar.gz';
const MEMBERS = ['kubernetes/test/bin/e2e.test', 'kubernetes/test/bin/ginkgo'];
const ROUNDS = 3;
/** Bytes a second of one throttled connection. */
const THROTTLE = 20e6;

/** Serves the packages of a folder: under /fast as they are, under /slow at so many bytes a second for each connection. */
function serve(folder: string): void {
  const server = createServer((request, response) => {
    const [, speed, name] = /^\/(fast|slow)\/(\w+)\//.exec(request.url ?? '') ?? [];
    const file = join(folder, `${name}.tar.gz`);
    if (request.url?.endsWith('.sha512')) response.end(readFileSync(`${file}.sha512`));
    else if (request.url?.endsWith(PACKAGE))
      void send(file, speed === 'slow' ? THROTTLE : undefined, request, response);
    else response.writeHead(404).end();
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

/** One run of a program that wants the members; prints what it cost. */
async function fetchOnce([url = '', cacheDir = '', connections = '']: readonly string[]): Promise<void> {
  const quiet = (): void => undefined;
  const acquirer = openAcquirer(
    {
      cacheDir,
      offline: false,
      pins: '',
      allowUnverified: false,
      downloadConnections: Number(connections),
      gcsEndpoint: '',
    },
    {
      log: { info: quiet, warn: quiet, error: quiet, detail: quiet, progress: quiet, interactive: false },
      env: {},
      event: quiet,
    },
  );
  const found = await acquirer.members(url, MEMBERS, { signal: AbortSignal.timeout(600_000) });
  for (const [at, each] of Object.values(found).entries()) await acquirer.place(each, join(cacheDir, 'run', `${at}`));
  await acquirer.close();
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  console.log(JSON.stringify({ memory: maxRSS / 1024, cpu: (userCPUTime + systemCPUTime) / 1e6 }));
}

async function compare(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-acquire-'));
  const own = await bundle(folder);
  generate(folder, 'large', 9);
  generate(folder, 'small', 2);
  const server = fork(own, ['serve', folder], { execArgv: [] });
  try {
    const port = await new Promise<number>((resolve) => server.once('message', (sent) => resolve(Number(sent))));
    const url = (path: string): string => `http://127.0.0.1:${port}/${path}${PACKAGE}`;
    const cold = new Series();
    const warm = new Series();
    const shell = new Series();
    for (let round = 0; round < ROUNDS; round += 1) {
      const cache = join(folder, `cache${round}`);
      cold.add(await ours(own, url('fast/large'), cache, 4));
      warm.add(await ours(own, url('fast/large'), cache, 4));
      shell.add(pipeline(url('fast/large'), folder));
      rmSync(cache, { recursive: true });
    }
    const small = await ours(own, url('fast/small'), join(folder, 'small'), 4);
    const one = await ours(own, url('slow/large'), join(folder, 'one'), 1);
    const four = await ours(own, url('slow/large'), join(folder, 'four'), 4);
    const megabytes = Math.round(statSync(join(folder, 'large.tar.gz')).size / 1e6);
    console.log(
      [
        `A package of ${megabytes} MB from a server on the same machine; two of its ten programs are wanted. Medians of ${ROUNDS} interleaved rounds, whole processes.`,
        '',
        '| | wall, relative to the pipeline | CPU, relative to the pipeline | peak memory |',
        '| --- | --- | --- | --- |',
        '| `curl \\| tee >(sha512sum) \\| tar xz` | 1 | 1 | |',
        `| ours, cold, every byte verified | ${ratio(cold.wall, shell.wall)} | ${ratio(cold.cpu, shell.cpu)} | ${cold.memory} MiB |`,
        `| ours, warm (${Math.round(warm.wall * 1000)} ms) | ${ratio(warm.wall, shell.wall)} | ${ratio(warm.cpu, shell.cpu)} | ${warm.memory} MiB |`,
        '',
        `A package of a quarter of the size peaks at ${Math.round(small.memory)} MiB. From a server that gives each connection 20 MB/s, four connections are ${ratio(one.wall, four.wall)} times as fast as one.`,
      ].join('\n'),
    );
  } finally {
    server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Sample {
  /** Seconds. */
  readonly wall: number;
  readonly cpu: number;
  /** MiB. */
  readonly memory: number;
}

/** Samples of the same thing. */
class Series {
  readonly #samples: Sample[] = [];

  add(sample: Sample): void {
    this.#samples.push(sample);
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

  #median(what: keyof Sample): number {
    return (
      this.#samples.map((each) => each[what]).sort((a, b) => a - b)[Math.floor(this.#samples.length / 2)] ?? Number.NaN
    );
  }
}

function ratio(a: number, b: number): string {
  const value = a / b;
  return value < 0.1 ? value.toFixed(3) : value.toFixed(2);
}

async function ours(program: string, url: string, cache: string, connections: number): Promise<Sample> {
  const begun = performance.now();
  const { stdout } = await promisify(execFile)(process.execPath, [program, 'fetch', url, cache, `${connections}`]);
  return { wall: (performance.now() - begun) / 1000, ...(JSON.parse(stdout) as { cpu: number; memory: number }) };
}

function pipeline(url: string, folder: string): Sample {
  const script = [
    "TIMEFORMAT='%R %U %S'",
    `time { curl -sS '${url}' | tee >(sha512sum >${folder}/sum) | tar xz -C ${folder} ${MEMBERS.join(' ')}; wait; } 2>&1`,
  ];
  const printed = execFileSync('bash', ['-c', `{ ${script.join('; ')}; } 2>&1`], { encoding: 'utf8' });
  const [wall = 0, user = 0, system = 0] = (printed.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  return { wall, cpu: user + system, memory: 0 };
}

/** This file as one program, so that what is measured loads as the published program does. */
async function bundle(folder: string): Promise<string> {
  const { build } = await import('esbuild');
  await build({
    entryPoints: { acquire: fileURLToPath(import.meta.url) },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    external: ['esbuild'],
    logLevel: 'error',
    banner: { js: "import{createRequire as kt2Require}from'node:module';const require=kt2Require(import.meta.url);" },
  });
  return join(folder, 'acquire.mjs');
}

/**
 * A package whose programs are copies of node's own: bytes as compilers make them. Each is packed once and used for
 * all; a gzip may consist of many.
 */
function generate(folder: string, name: string, programs: number): void {
  const program = readFileSync(process.execPath);
  const packed = { large: member(program), small: member(program.subarray(0, 12_000_000)) };
  const parts: Buffer[] = [];
  const add = (path: string, size: number, body: Buffer): void => void parts.push(gzipSync(header(path, size)), body);
  add(MEMBERS[0] ?? '', program.length, packed.large);
  add('kubernetes/test/bin/other', program.length, packed.large);
  add(MEMBERS[1] ?? '', 12_000_000, packed.small);
  for (let at = 2; at < programs; at += 1) add(`kubernetes/test/bin/other${at}`, program.length, packed.large);
  const whole = Buffer.concat([...parts, gzipSync(Buffer.alloc(1024))]);
  writeFileSync(join(folder, `${name}.tar.gz`), whole);
  writeFileSync(join(folder, `${name}.tar.gz.sha512`), createHash('sha512').update(whole).digest('hex'));
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
else if (role === 'fetch') await fetchOnce(words);
else await compare();
