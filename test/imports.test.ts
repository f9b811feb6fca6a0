import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

interface Import {
  /** The importing file, from the root of the repository. */
  readonly from: string;
  /** The imported file, from the root; or the name of a package as it stands. */
  readonly to: string;
  /** Erased before the program runs. */
  readonly typeOnly: boolean;
  readonly lazy: boolean;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const files = globSync('{bin,src,deployers,testers}/**/*.ts', { cwd: root }).sort();
const sources = new Map(files.map((file) => [file, withoutComments(readFileSync(join(root, file), 'utf8'))]));
const imports = [...sources].flatMap(([file, source]) => importsOf(file, source));

/**
 * The rooms, and what each may import besides itself; type imports count. A file that is in none of them fails the test.
 * CONTRIBUTING.md has the same table, with each room's rule in a sentence.
 */
const rooms: Readonly<Record<string, readonly string[]>> = {
  'src/api': [],
  'src/text': [],
  'src/system': ['src/api'],
  'src/logging': ['src/api', 'src/text'],
  'src/junit': ['src/api', 'src/text', 'src/system'],
  'src/perf': ['src/api'],
  'src/http': ['src/api', 'src/system'],
  'src/process': ['src/api', 'src/system', 'src/text'],
  'src/runtime': ['src/api', 'src/system', 'src/logging', 'src/process'],
  'src/records': ['src/api', 'src/system', 'src/text', 'src/logging', 'src/junit'],
  'src/kube': ['src/api', 'src/system', 'src/text', 'src/http'],
  'src/gcs': ['src/api', 'src/system', 'src/http'],
  'src/download': ['src/api', 'src/system', 'src/text', 'src/http', 'src/gcs', 'src/kube'],
  'src/kube-build': ['src/api', 'src/system', 'src/gcs', 'src/kube'],
  'src/boskos': ['src/api', 'src/system', 'src/records', 'src/http'],
  'src/gcp': ['src/api', 'src/system', 'src/boskos'],
  'src/plugins': ['src/api', 'src/system', 'src/runtime'],
  'src/lifecycle': ['src/api', 'src/system', 'src/records', 'src/runtime'],
  'src/migrate': ['src/api', 'src/system', 'src/text'],
  'src/stability': 'api system text junit gcs http download perf'.split(' ').map(inSrc),
  'src/cli': ['src/*'],
  'src/index.ts': ['src/api', 'src/cli'],
  'deployers/*': [
    ...'api text system junit perf http kube gcs download kube-build boskos gcp plugins'.split(' ').map(inSrc),
  ],
  'testers/*': [
    ...'api text system junit perf http kube gcs download kube-build boskos gcp plugins'.split(' ').map(inSrc),
  ],
  bin: ['src/api', 'src/cli', 'deployers/*', 'testers/*'],
};

/** What only some files may touch, and which. */
const doors: readonly (readonly [what: string, name: RegExp, files: RegExp])[] = [
  ['child processes', /^(?:execa|(?:node:)?child_process)$/, /^src\/process\/exec\.ts$/],
  ['HTTP', /^undici$/, /^src\/(?:http|download|gcs|boskos|kube)\//],
  ['cloud storage', /^@google-cloud\/storage$/, /^src\/gcs\//],
];

/** Packages that cost more to load than this program's start may take: none is loaded before it is used. */
const heavy = /^(?:diff|undici|@google-cloud\/.*|tar|yaml|semver|yargs)$/;

describe('imports', () => {
  test('stay within what the room of a file may import', () => {
    const wrong = imports.filter(({ from, to }) => !isPackage(to) && !allowed(from, to));
    expect(wrong.map(arrow)).toEqual([]);
  });

  test('make no cycle', () => {
    const own = imports.filter(({ to }) => !isPackage(to));
    expect(cycles(own)).toEqual([]);
    const between = own.map(({ from, to }) => ({ from: dirname(from), to: dirname(to) }));
    expect(cycles(between.filter(({ from, to }) => from !== to))).toEqual([]);
  });

  test.each(doors)('reach %s through one door', (_, name, through) => {
    const wrong = imports.filter(({ from, to, typeOnly }) => !typeOnly && name.test(to) && !through.test(from));
    expect(wrong.map(arrow)).toEqual([]);
  });

  test('load heavy packages when they are used', () => {
    const wrong = imports.filter(({ to, typeOnly, lazy }) => heavy.test(to) && !typeOnly && !lazy);
    expect(wrong.map(arrow)).toEqual([]);
  });

  test('are allowed as the table of CONTRIBUTING.md says', () => {
    const page = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8');
    const rows = page.matchAll(/^\| `([^`]+)` \| .+ \| ([^|]+) \|$/gm);
    expect(Object.fromEntries(Array.from(rows, ([, room = '', others = '']) => [room, roomsOf(others)]))).toEqual(
      rooms,
    );
  });

  test('name files as they are, with .ts', () => {
    expect(imports.filter(({ to }) => !isPackage(to) && !sources.has(to)).map(arrow)).toEqual([]);
  });
});

test('only the entries and the doors to the system touch the process', () => {
  const touching = [...sources].filter(([, source]) => /(?<![.\w$'"`-])process\.|'(?:node:)?process'/.test(source));
  const owners =
    /^(?:bin\/|src\/cli\/main\.ts$|src\/runtime\/signals\.ts$|src\/process\/(?:exec|pipe|process-group)\.ts$|src\/system\/(?:process-identity|clock)\.ts$)/;
  expect(touching.map(([file]) => file).filter((file) => !owners.test(file))).toEqual([]);
});

function inSrc(room: string): string {
  return `src/${room}`;
}

/** The rooms in a cell of CONTRIBUTING.md: `api, deployers`, `everything in src`, or a dash for none. */
function roomsOf(cell: string): string[] {
  if (cell === '–') return [];
  if (cell === 'everything in src') return ['src/*'];
  return cell.split(', ').map((name) => (['deployers', 'testers'].includes(name) ? `${name}/*` : inSrc(name)));
}

/** The room a file is in: `src/api`, `src/index.ts`, `deployers/*`, `bin`. */
function roomOf(file: string): string {
  const [top = '', second = ''] = file.split('/');
  if (top === 'deployers' || top === 'testers') return `${top}/*`;
  return top === 'src' ? `${top}/${second}` : top;
}

function allowed(from: string, to: string): boolean {
  const own = roomOf(from);
  const target = roomOf(to);
  // A deployer or a tester knows no other one.
  if (own === target) return !own.endsWith('/*') || from.split('/')[1] === to.split('/')[1];
  const others = rooms[own] ?? [];
  return others.includes(target) || (target.startsWith('src/') && others.includes('src/*'));
}

interface Arrow {
  readonly from: string;
  readonly to: string;
}

function cycles(arrows: readonly Arrow[]): string[] {
  const next = Map.groupBy(arrows, ({ from }) => from);
  return [...next.keys()].sort((a, b) => a.localeCompare(b)).flatMap((each) => cycleFrom(each, next));
}

/** The cycles that lead from a file or directory back to it, reported once: from their first one in the alphabet. */
function cycleFrom(start: string, next: ReadonlyMap<string, readonly Arrow[]>): string[] {
  const reached = new Map<string, string>();
  const queue = [start];
  for (const file of queue) {
    for (const { to } of next.get(file) ?? []) {
      if (to === start) return [describePath(start, file, reached)];
      if (to < start || reached.has(to)) continue;
      reached.set(to, file);
      queue.push(to);
    }
  }
  return [];
}

function describePath(start: string, end: string, reached: ReadonlyMap<string, string>): string {
  const path = [start];
  for (let file: string | undefined = end; file !== undefined && file !== start; file = reached.get(file))
    path.unshift(file);
  return [start, ...path].join(' → ');
}

function importsOf(from: string, source: string): Import[] {
  const statements = source.matchAll(/^\s*(?:import|export)\b(?:([^'"`;]*?)\bfrom)?\s*'([^']+)'/gm);
  const lazy = source.matchAll(/(typeof\s+)?\bimport\(\s*'([^']+)'/g);
  return [
    ...Array.from(statements, ([, names = '', to = '']) => ({
      from,
      to: target(from, to),
      typeOnly: /^\s*type\b/.test(names) || /^\s*\{(?:\s*type\s[^,}]+,?)+\s*\}\s*$/.test(names),
      lazy: false,
    })),
    ...Array.from(lazy, ([, type, to = '']) => ({
      from,
      to: target(from, to),
      typeOnly: type !== undefined,
      lazy: true,
    })),
  ];
}

function target(from: string, to: string): string {
  return to.startsWith('.') ? join(dirname(from), to) : to;
}

function isPackage(to: string): boolean {
  return !/^(?:bin|src|deployers|testers|scripts|test|\.\.)\//.test(to);
}

function arrow({ from, to }: Import): string {
  return `${from} → ${to}`;
}

function withoutComments(source: string): string {
  return source.replace(/^\s*\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
}
