// `npm run bench [-- NAME…] [--record]`: runs the benchmarks of scripts/bench/, all of them or these.
// Each prints Markdown on stdout, and fails when a figure misses its bar; --record puts the figures into docs/performance.md under the heading of its name.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { positionals, values } = parseArgs({ allowPositionals: true, options: { record: { type: 'boolean' } } });
const all = readdirSync(`${root}/scripts/bench`)
  .filter((file) => file.endsWith('.ts') && file !== 'bench.ts')
  .map((file) => file.slice(0, -3));
const names = positionals.length > 0 ? positionals : all;
const unknown = names.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  console.error(`no benchmark is called ${unknown.join(', ')}; there are ${all.join(', ')}`);
  process.exit(2);
}
execFileSync(process.execPath, ['scripts/build/build.ts'], { cwd: root, stdio: 'inherit' });
for (const name of names) {
  const { stdout: figures, status } = spawnSync(process.execPath, [`scripts/bench/${name}.ts`], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 << 20,
  });
  process.stdout.write(figures);
  if (status !== 0) process.exitCode = 1;
  else if (values.record) record(name, figures);
}

/** Replaces the section of one benchmark, or adds it at the end. */
function record(name: string, figures: string): void {
  const page = `${root}/docs/performance.md`;
  const text = existsSync(page) ? readFileSync(page, 'utf8').trimEnd() : '# Performance';
  const machine = `Measured with Node.js ${process.version} on ${cpus().length} cores (${cpus()[0]?.model ?? process.arch}).`;
  const original = process.env['KUBETEST2_ORIGINAL'] === undefined ? '' : 'KUBETEST2_ORIGINAL=DIR ';
  const repeat = `To repeat: \`${original}npm run bench -- ${name}\`.`;
  const section = `## ${name}\n\n${figures.trim()}\n\n${machine} ${repeat}`;
  const sections = text.split(/\n+(?=## )/);
  const at = sections.findIndex((each) => each.startsWith(`## ${name}\n`));
  if (at === -1) sections.push(section);
  else sections[at] = section;
  writeFileSync(page, `${sections.join('\n\n')}\n`);
}
