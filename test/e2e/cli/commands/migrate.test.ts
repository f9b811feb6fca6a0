import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { periodic } from '../../../helpers/legacy-jobs.ts';
import { Sandbox } from '../../../helpers/sandbox.ts';

const NODE = ['--deployment=node', '--node-tests=true', '--provider=gce', '--gcp-zone=z', '--timeout=65m'];
const legacy = periodic(NODE);
const refused = periodic(['--deployment=kops']).replace('ci-x', 'ci-kops');

class Tree extends Sandbox {
  file(name: string, text: string): string {
    const path = join(this.dir, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
    return path;
  }
}

describe('migrate', () => {
  test('prints a diff that git applies, and writes nothing', async () => {
    using tree = new Tree();
    tree.file('jobs/a.yaml', legacy);
    const { code, stdout, stderr } = await tree.run(['migrate', 'jobs']);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^diff --git a\/jobs\/a\.yaml b\/jobs\/a\.yaml\n/);
    expect(stderr).toContain('1 jobs: 1 translated');
    expect(tree.read('jobs/a.yaml')).toBe(legacy);
    const git = spawnSync('git', ['apply', '-'], { cwd: tree.dir, input: stdout, encoding: 'utf8' });
    expect(git.stderr).toBe('');
    const again = await tree.run(['migrate', 'jobs']);
    expect(again).toMatchObject({ code: 0, stdout: '' });
  });

  test('prints the whole file, as --write writes it, with its mode and its bytes', async () => {
    using tree = new Tree();
    const path = tree.file('a.yaml', `\uFEFF${legacy.replaceAll('\n', '\r\n')}`);
    tree.file('other.yaml', 'a: b\n');
    chmodSync(path, 0o640);
    const { stdout } = await tree.run(['migrate', 'a.yaml', '--format=yaml']);
    const { code } = await tree.run(['migrate', '.', '--write']);
    expect(code).toBe(0);
    expect(tree.read('a.yaml')).toBe(stdout);
    expect(stdout.startsWith('\uFEFFperiodics:\r\n')).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(tree.read('other.yaml')).toBe('a: b\n');
    expect(readdirSync(tree.dir).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('refuses by name with exit code 1, and does all else', async () => {
    using tree = new Tree();
    tree.file('a.yaml', legacy + refused.replace('periodics:\n', ''));
    const { code, stderr } = await tree.run(['migrate', 'a.yaml', '--write', '--report=r.json']);
    expect(code).toBe(1);
    expect(stderr).toContain('ci-kops: deployer kops');
    expect(tree.read('a.yaml')).toContain('- kubetest2-ts');
    const { version, jobs } = JSON.parse(tree.read('r.json')) as { version: number; jobs: Record<string, unknown>[] };
    expect(version).toBe(1);
    expect(jobs.map(({ name, verdict }) => [name, verdict])).toEqual([
      ['ci-x', 'translated'],
      ['ci-kops', 'refused'],
    ]);
    expect(Object.keys(jobs[0] ?? {})).toEqual(
      'file line type repo name branches style class verdict reason advice argv flags edits todo canaryOf'.split(' '),
    );
  });

  test('leaves jobs alone that --only does not match', async () => {
    using tree = new Tree();
    tree.file('a.yaml', legacy);
    expect(await tree.run(['migrate', 'a.yaml', '--only=^other$'])).toMatchObject({ code: 0, stdout: '' });
  });

  test.each([
    ['no YAML', 'periodics:\n- a: [\n', /^Error: a\.yaml:\d+:\d+: not YAML/],
    ['a template', 'periodics:\n- name: {{ x }}\n  b: {{\n', /template/],
    ['no text', 'periodics:\0', /^Error: a\.yaml:1:11: not text/],
  ])('stops with exit code 2 at %s, with its place and nothing on stdout', async (_, text, message) => {
    using tree = new Tree();
    tree.file('a.yaml', text);
    tree.file('b.yaml', legacy);
    const { code, stdout, stderr } = await tree.run(['migrate', '.', '--write', '--report=r.json']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(tree.read('b.yaml')).toBe(legacy);
    expect(tree.has('r.json')).toBe(false);
  });

  test('names a file that is missing', async () => {
    using tree = new Tree();
    const { code, stderr } = await tree.run(['migrate', 'gone.yaml']);
    expect(code).toBe(2);
    expect(stderr).toContain('gone.yaml: cannot be read');
  });

  test('changes no file when one of them cannot be written', async () => {
    using tree = new Tree();
    tree.file('jobs/a.yaml', legacy);
    // Its draft would have a name that no file system takes.
    const long = `jobs/${'b'.repeat(245)}.yaml`;
    tree.file(long, legacy);
    const { code, stdout, stderr } = await tree.run(['migrate', 'jobs', '--write']);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toContain('no file was changed');
    expect(tree.read('jobs/a.yaml')).toBe(legacy);
    expect(tree.read(long)).toBe(legacy);
    expect(readdirSync(join(tree.dir, 'jobs'))).toHaveLength(2);
  });

  test('a file without jobs, and an empty one, come out as they went in', async () => {
    using tree = new Tree();
    tree.file('a.yaml', 'x: [1,\n  2] # c\n');
    tree.file('b.yaml', '');
    expect((await tree.run(['migrate', 'a.yaml', '--format=yaml'])).stdout).toBe('x: [1,\n  2] # c\n');
    expect(await tree.run(['migrate', '.', '--write'])).toMatchObject({ code: 0, stdout: '' });
    expect(tree.read('b.yaml')).toBe('');
  });

  test('finds the presets of config/prow/config.yaml', async () => {
    using tree = new Tree();
    const presets = 'presets:\n- labels:\n    preset-a: "true"\n  env:\n  - name: NODE_SIZE\n    value: x\n';
    tree.file('config/prow/config.yaml', presets);
    const job = periodic(['--provider=gce', '--extract=ci/latest']).replace(
      'preset-k8s-ssh',
      'preset-a: "true"\n    preset-k8s-ssh',
    );
    tree.file('config/jobs/a.yaml', job);
    const { code, stdout } = await tree.run(['migrate', 'config/jobs']);
    expect(code).toBe(0);
    expect(stdout).toContain('+      - --env=NODE_SIZE\n');
  });

  test('refuses the jobs of a file with a generator beside it', async () => {
    using tree = new Tree();
    tree.file('jobs/dra-ci.yaml', legacy);
    tree.file('jobs/by-hand.yaml', legacy.replace('ci-x', 'ci-y'));
    tree.file('jobs/dra.jinja', '');
    const { code, stderr } = await tree.run(['migrate', 'jobs']);
    expect(code).toBe(1);
    expect(stderr).toContain('ci-x: generated file: dra.jinja beside it writes it');
    expect(stderr).not.toContain('ci-y: generated');
    expect((await tree.run(['migrate', 'jobs', '--generated=translate'])).code).toBe(0);
  });

  test('--check lists legacy jobs that block, and exits with 1', async () => {
    using tree = new Tree();
    tree.file('a.yaml', periodic(NODE, { job: '  annotations:\n    testgrid-dashboards: sig-x, sig-x-blocking\n' }));
    const { code, stdout } = await tree.run(['migrate', 'a.yaml', '--check']);
    expect(code).toBe(1);
    expect(stdout).toBe('a.yaml:2: ci-x is legacy (node) and blocks: on sig-x-blocking\n');
    tree.file('a.yaml', legacy);
    expect(await tree.run(['migrate', 'a.yaml', '--check'])).toMatchObject({ code: 0, stdout: '' });
  });

  test('--report in Markdown has one section for each SIG, with owners', async () => {
    using tree = new Tree();
    tree.file('jobs/OWNERS', 'approvers:\n- ann\n- bob\nreviewers:\n- cid\n');
    tree.file('jobs/a.yaml', periodic(NODE, { job: '  annotations:\n    testgrid-dashboards: sig-node-kubelet\n' }));
    await tree.run(['migrate', 'jobs', '--report=r.md']);
    const report = tree.read('r.md');
    expect(report).toContain('## sig-node\n\nOwners: @ann, @bob\n');
    expect(report).toContain('| `ci-x` | `jobs/a.yaml:2` | node | translated |');
  });

  test.each([
    [['migrate', 'a.yaml', '--only=('], 'not a regular expression'],
    [['migrate', 'a.yaml', '--marker=x'], 'MARKER=RELEASE'],
    [['migrate', 'a.yaml', '--canary=-Canary'], 'lower case'],
    [['migrate', 'a.yaml', '--check', '--write'], 'exclude each other'],
    [['migrate', 'a.yaml', 'b.yaml', '--format=yaml'], 'name one'],
    [['migrate', 'a.yaml', '--explain=nothing'], 'no job has this name'],
    [['migrate'], 'missing argument'],
    [['canary', 'promote', 'a.yaml', '--to=blocking'], '--only is not set'],
    [['canary', 'promote', 'a.yaml', '--only=x'], '--to is not set'],
    [['canary', 'promote', 'a.yaml', '--only=x', '--to=blocking'], 'no job with such a name has a canary'],
  ])('%j is a usage error', async (args, message) => {
    using tree = new Tree();
    tree.file('a.yaml', legacy);
    tree.file('b.yaml', legacy);
    const { code, stdout, stderr } = await tree.run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });
});

test('a canary is added, promoted and found by its job’s name', async () => {
  using tree = new Tree();
  tree.file('a.yaml', periodic(NODE, { job: '  annotations:\n    testgrid-dashboards: sig-x-blocking, other\n' }));
  expect((await tree.run(['migrate', 'a.yaml', '--canary', '--write'])).code).toBe(0);
  const shadow = () => tree.read('a.yaml').slice(tree.read('a.yaml').indexOf('- name: ci-x-canary\n'));
  expect(shadow()).toContain('\n  interval: 6h\n');
  const { code, stderr } = await tree.run(['canary', 'promote', 'a.yaml', '--only=^ci-x$', '--to=required', '--write']);
  expect(code, stderr).toBe(0);
  expect(shadow()).toContain('\n  interval: 2h\n');
  expect(tree.read('a.yaml')).toContain('testgrid-dashboards: sig-release-master-informing, other');
});

test('every line of a translated job passes --dry-run', async () => {
  using tree = new Tree();
  const jobs = [
    NODE,
    [
      '--provider=gce',
      '--gcp-zone=z',
      '--extract=ci/latest',
      '--env=KUBE_A=x,y',
      '--test_args=--ginkgo.skip=\\[Slow\\]|a --x=\\d',
    ],
    ['--provider=gce', '--build=quick', '--test=false', '--test-cmd=./x.sh', '--test-cmd-args=$A'],
  ].map((args, at) =>
    periodic(args, { container: '      env:\n      - name: KUBE_B\n        value: "1"\n' }).replace('ci-x', `ci-${at}`),
  );
  for (const [at, text] of jobs.entries()) tree.file(`${at}.yaml`, text);
  expect((await tree.run(['migrate', '.', '--report=r.json'])).code).toBe(0);
  const { jobs: reports } = JSON.parse(tree.read('r.json')) as { jobs: { argv: string[] }[] };
  for (const { argv } of reports) {
    const [deployer = '', ...rest] = argv;
    const { code, stderr } = await tree.run([deployer, '--dry-run', ...rest]);
    expect(code, `${argv.join(' ')}\n${stderr}`).toBe(0);
  }
});

test('the examples of the guide are what the program does', async () => {
  using tree = new Tree();
  const guide = readFileSync('docs/migrating-jobs.md', 'utf8');
  const example = (name: string) =>
    new RegExp(`<!-- example: ${name} -->\n\`\`\`\\w*\n([\\s\\S]*?)\`\`\``).exec(guide)?.[1] ?? '';
  tree.file('jobs.yaml', example('before'));
  expect((await tree.run(['migrate', 'jobs.yaml', '--explain=ci-node-serial'])).stdout).toBe(example('explain'));
  expect((await tree.run(['migrate', 'jobs.yaml', '--format=yaml'])).stdout).toContain(example('after'));
});
