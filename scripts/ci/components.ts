// Builds the real programs that test/real runs against, in the versions of components.json, with the Go client.
// `node scripts/ci/components.ts [NAME…]`: all of them, or these. What is there in its pinned version is left alone.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Component, componentsFolder, executable, pinned } from '../package/pinned.ts';

const folder = componentsFolder(process.env);
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !pinned.has(name));
if (unknown.length > 0) {
  console.error(`no component is called ${unknown.join(', ')}; there are ${[...pinned.keys()].join(', ')}`);
  process.exit(2);
}
mkdirSync(join(folder, 'bin'), { recursive: true });
for (const [name, component] of pinned) if (asked.length === 0 || asked.includes(name)) provide(name, component);

/** Makes sure that a component is there; a failure is told, and the rest goes on. */
function provide(name: string, component: Component): void {
  const program = join(folder, 'bin', name);
  const stamp = `${program}.version`;
  const wanted = `${component.package}@${component.version}\n`;
  if (executable(program) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) {
    console.log(`${name} ${component.version}: there`);
    return;
  }
  const started = Date.now();
  try {
    const found = executable(program) && madeFrom(program, component);
    if (!found) buildComponent(program, component);
    writeFileSync(stamp, wanted);
    const seconds = Math.round((Date.now() - started) / 1000);
    console.log(`${name} ${component.version}: ${found ? 'found' : `built in ${seconds} s`}`);
  } catch (error) {
    process.exitCode = 1;
    const output = error instanceof Error && 'stderr' in error ? String(error.stderr).trimEnd() : '';
    const tail = output.split('\n').slice(-15).join('\n');
    console.error(`${name} ${component.version}: cannot be built: ${tail === '' ? error : tail}`);
  }
}

/** Whether a program was built from that package in that version, as Go notes in every binary. */
function madeFrom(program: string, { module, version }: Component): boolean {
  const lines = go(['version', '-m', program], folder).split('\n');
  return lines.some((line) => {
    const [, kind, name, found] = line.split('\t');
    return (kind === 'mod' || kind === 'dep') && name === module && found === version;
  });
}

/**
 * Builds through a module of our own that requires the component's: then the replace lines of its go.mod, which
 * `go install PACKAGE@VERSION` refuses, do not matter. The program appears when it is complete.
 */
function buildComponent(program: string, component: Component): void {
  const { module, version } = component;
  const scratch = join(folder, 'build', `${module.replaceAll('/', '_')}@${version}`);
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true });
  go(['mod', 'init', 'scratch'], scratch);
  if (module === 'k8s.io/kubernetes') requireStaging(scratch, version);
  go(['mod', 'edit', `-require=${module}@${version}`], scratch);
  const fresh = `${program}.${process.pid}`;
  const verb = component.test ? ['test', '-c'] : ['build'];
  const stamps = module === 'k8s.io/kubernetes' ? versionStamps(version) : [];
  try {
    go([...verb, '-ldflags', ['-s -w', ...stamps].join(' '), '-o', fresh, component.package], scratch);
    renameSync(fresh, program);
  } finally {
    rmSync(fresh, { force: true });
  }
}

/** Kubernetes takes its staging modules from folders of its own repository; a dependant takes their releases. */
function requireStaging(scratch: string, version: string): void {
  const { GoMod } = JSON.parse(go(['mod', 'download', '-json', `k8s.io/kubernetes@${version}`], scratch)) as {
    GoMod: string;
  };
  const { Replace } = JSON.parse(go(['mod', 'edit', '-json', GoMod], scratch)) as {
    Replace: { Old: { Path: string }; New: { Path: string } }[];
  };
  const staging = Replace.filter((each) => each.New.Path.startsWith('./staging/')).map((each) => each.Old.Path);
  const release = version.replace(/^v1/, 'v0');
  go(['mod', 'edit', ...staging.map((name) => `-replace=${name}=${name}@${release}`)], scratch);
}

/** What makes a Kubernetes program say its version: without them it says v0.0.0-master. */
function versionStamps(version: string): string[] {
  const [major = '', minor = ''] = version.slice(1).split('.');
  const values = { gitVersion: version, gitMajor: major, gitMinor: minor };
  return ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((name) =>
    Object.entries(values).map(([key, value]) => `-X ${name}.${key}=${value}`),
  );
}

function go(words: readonly string[], cwd: string): string {
  const own = { CGO_ENABLED: '0', GOFLAGS: '-mod=mod -buildvcs=false', GOWORK: 'off' };
  const env = { GOTOOLCHAIN: 'auto', ...process.env, ...own };
  return execFileSync('go', words, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
