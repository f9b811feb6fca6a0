import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { platforms } from '../../scripts/package/runtime.ts';
import { installPage, snippets } from '../helpers/real/install-page.ts';
import { noPackages, type Packages, packaged } from '../helpers/real/packaged.ts';
import { Sandbox } from '../helpers/sandbox.ts';
import { readSignature } from '../helpers/signature.ts';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const folder = mkdtempSync(join(tmpdir(), 'package-'));
const linux = ['linux-amd64', 'linux-arm64'];
/** Where Debian's libc6-arm64-cross and its like put what a program for arm64 needs. */
const SYSROOT = '/usr/aarch64-linux-gnu';
const emulator = ['qemu-aarch64-static', 'qemu-aarch64'].find((name) => spawnSync(name, ['--version']).status === 0);
const emulates = emulator !== undefined && existsSync(join(SYSROOT, 'lib/libstdc++.so.6'));

let packages: Packages;

/** What the same sources make in another place, at the same time. */
let again: Promise<string>;

beforeAll(async () => {
  again = madeAgain();
  again.catch(() => {});
  packages = await packaged();
  for (const platform of Object.keys(platforms)) {
    mkdirSync(join(folder, platform));
    execFileSync('tar', ['-xzf', archive(platform), '-C', join(folder, platform)]);
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

async function madeAgain(): Promise<string> {
  const copy = join(folder, 'another place', 'with a longer name');
  mkdirSync(dirname(copy));
  execFileSync('git', ['clone', '--quiet', '--shared', root, copy]);
  const listed = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const names = execFileSync('git', listed, { cwd: root, encoding: 'utf8' }).split('\0');
  for (const name of names.filter((each) => each !== '' && existsSync(join(root, each)))) {
    mkdirSync(dirname(join(copy, name)), { recursive: true });
    cpSync(join(root, name), join(copy, name));
  }
  const run = promisify(execFile);
  await run('cp', ['-a', '--reflink=auto', join(root, 'node_modules'), copy]);
  const env = { ...process.env, TZ: 'Asia/Kathmandu', LC_ALL: 'C', TMPDIR: dirname(copy) };
  await run('sh', ['-c', 'umask 077; exec "$0" scripts/package/package.ts', process.execPath], { cwd: copy, env });
  return join(copy, 'dist/release');
}

const archive = (platform: string) => join(packages.directory, `kubetest2-ts-${packages.version}-${platform}.tar.gz`);
const executable = (platform: string) => readFileSync(join(folder, platform, 'kubetest2-ts'));

const leftOut = noPackages && ` (left out: needs ${noPackages})`;

describe.skipIf(noPackages !== '')(`the packages${leftOut}`, () => {
  test('are these, with checksums that hold', () => {
    const { version } = packages;
    const packed = [
      ...Object.keys(platforms).map((platform) => `kubetest2-ts-${version}-${platform}.tar.gz`),
      `kubetest2-ts-${version}.spdx.json`,
      `kubetest2-ts-${version}.tgz`,
      'THIRD-PARTY-LICENSES.txt',
    ];
    const beside = packed.flatMap((name) => [name, `${name}.sha256`, `${name}.sha512`]);
    expect(new Set(readdirSync(packages.directory))).toEqual(new Set([...beside, 'SHA256SUMS', 'SHA512SUMS']));
    for (const [tool, sums] of [
      ['sha256sum', 'SHA256SUMS'],
      ['sha512sum', 'SHA512SUMS'],
    ] as const) {
      const checked = execFileSync(tool, ['--check', '--strict', sums], { cwd: packages.directory, encoding: 'utf8' });
      expect(new Set(checked.trim().split('\n'))).toEqual(new Set(packed.map((name) => `${name}: OK`)));
    }
    for (const name of packed) {
      const [digest] = execFileSync('sha256sum', [join(packages.directory, name)], { encoding: 'utf8' }).split(' ');
      expect(readFileSync(join(packages.directory, `${name}.sha256`), 'utf8').trim()).toBe(digest);
    }
  });

  test.each(Object.keys(platforms))('of %s is one program with its licences', (platform) => {
    const listed = execFileSync('tar', ['-tvzf', archive(platform)], { encoding: 'utf8' });
    const entries = listed
      .trim()
      .split('\n')
      .map((line) => line.replace(/^(\S+) .* (\S+)$/, '$1 $2'));
    expect(entries).toEqual(['-rw-r--r-- LICENSE', '-rw-r--r-- THIRD-PARTY-LICENSES.txt', '-rwxr-xr-x kubetest2-ts']);
    expect(readFileSync(join(folder, platform, 'THIRD-PARTY-LICENSES.txt'), 'utf8')).toContain(
      `Node.js ${platforms[platform]?.node}`,
    );
  });

  test.each(linux)('of %s needs what docs/install.md says, and no newer C library', (platform) => {
    const text = executable(platform).toString('latin1');
    const newest = (name: string) =>
      Array.from(text.matchAll(new RegExp(`\\0${name}_([\\d.]+)(?=\\0)`, 'g')), ([, version = '']) => version)
        .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
        .at(-1);
    // 3.4.21 came with GCC 5.
    expect([newest('GLIBC'), newest('GLIBCXX')]).toEqual(['2.28', '3.4.21']);
    expect(installPage).toContain('glibc 2.28 and libstdc++ of GCC 5');
  });

  const title = emulates ? '' : ' (left out: needs qemu-user-static, libc6-arm64-cross and libstdc++6-arm64-cross)';
  test.skipIf(!emulates)(
    `of linux-arm64 runs a lifecycle on an emulated processor${title}`,
    async () => {
      using sandbox = new Sandbox({ PATH: '/usr/bin:/bin' });
      const program = [emulator ?? '', '-L', SYSROOT, join(folder, 'linux-arm64/kubetest2-ts')];
      const { stdout, stderr } = await sandbox.start([...program, '--version']).ended;
      expect([stdout, stderr]).toEqual([expect.stringMatching(/^kubetest2-ts version v\S+ \(node 24\.21\.0\)\n$/), '']);
      const words = ['noop', '--up', '--down', '--test=exec', '--', 'sh', '-c', 'echo ran >ran'];
      const ended = await sandbox.start([...program, ...words]).ended;
      expect(ended.code, ended.stderr).toBe(0);
      expect(sandbox.read('ran')).toBe('ran\n');
    },
    120_000,
  );

  test('of darwin-arm64 is for that processor, holds the program, and is signed to its end', () => {
    const program = executable('darwin-arm64');
    expect([program.readUInt32LE(0), program.readUInt32LE(4)]).toEqual([0xfeedfacf, 0x0100000c]);
    const { identifier, adHoc, changed, ends } = readSignature(program);
    expect({ identifier, adHoc, changed }).toEqual({ identifier: 'kubetest2-ts', adHoc: true, changed: [] });
    expect([ends.signature, ends.segment]).toEqual([ends.file, ends.file]);
    expect(program.includes(`"commit":"${packages.commit}"`) || program.includes(`commit:"${packages.commit}"`)).toBe(
      true,
    );
    // The mark that tells the runtime that something was put in.
    expect(program.includes('NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:1')).toBe(true);
  });

  test('made again of the same sources in another place are the same, byte for byte', async () => {
    const made = await again;
    expect(new Set(readdirSync(made))).toEqual(new Set(readdirSync(packages.directory)));
    const sums = (at: string) => readFileSync(join(at, 'SHA512SUMS'), 'utf8');
    expect(sums(made)).toBe(sums(packages.directory));
  }, 300_000);
});

describe.skipIf(noPackages !== '')(`the package of npm${leftOut}`, () => {
  test('is installed and run by the lines of docs/install.md, with no registry', async () => {
    using sandbox = new Sandbox();
    const name = `kubetest2-ts-${packages.version}.tgz`;
    cpSync(join(packages.directory, name), join(sandbox.dir, name));
    const lines = snippets('sh').find((text) => text.includes('npm install')) ?? '';
    expect(lines).toContain(`./${name}`);
    const [prefix, cache] = [join(sandbox.dir, 'global'), join(sandbox.dir, 'cache')];
    const env = {
      PATH: `${prefix}/bin:${sandbox.env['PATH']}`,
      npm_config_prefix: prefix,
      npm_config_cache: cache,
      npm_config_userconfig: join(sandbox.dir, 'none'),
      npm_config_registry: 'http://127.0.0.1:1/',
      npm_config_yes: 'true',
    };
    const { code, stderr } = await sandbox.start(['sh', '-ec', `${lines}kubetest2-ts --version`], env).ended;
    expect(code, stderr).toBe(0);
    expect(sandbox.read('artifacts/junit_runner.xml')).toContain('name="Down"');
    const inFolder = `mkdir empty && cd empty && npm install ../${name} && npx kubetest2-ts --version && ls node_modules`;
    const installed = await sandbox.start(['sh', '-ec', inFolder], env).ended;
    expect(installed.code, installed.stderr).toBe(0);
    expect(installed.stdout).toMatch(/kubetest2-ts version v.*\nkubetest2-ts\n$/);
  });

  test('has no dependency, and no source map or path of the machine that made it', async () => {
    const unpacked = join(folder, 'npm');
    mkdirSync(unpacked);
    execFileSync('tar', ['-xzf', join(packages.directory, `kubetest2-ts-${packages.version}.tgz`), '-C', unpacked]);
    const manifest = JSON.parse(readFileSync(join(unpacked, 'package/package.json'), 'utf8')) as object;
    expect(manifest).not.toHaveProperty('dependencies');
    for (const name of readdirSync(unpacked, { recursive: true, encoding: 'utf8' })) {
      if (!/\.(?:c?js|ts)$/.test(name)) continue;
      const text = readFileSync(join(unpacked, name), 'utf8');
      expect([name, /^\/\/[#@] ?sourceMappingURL=/m.test(text), text.includes(root)]).toEqual([name, false, false]);
    }
  });
});
