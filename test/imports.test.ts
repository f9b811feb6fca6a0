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

/** Which area may import which. A deployer's or tester's area is its own folder. */
const arrows: readonly (readonly [area: RegExp, targets: RegExp])[] = [
  [/^src\//, /^src\//],
  [/^deployers\/([^/]+)\//, /^(?:src|deployers\/$1)\//],
  [/^testers\/([^/]+)\//, /^(?:src|testers\/$1)\//],
  [/^bin\//, /^(?:bin|src|deployers|testers)\//],
];

/** What only some files may touch, and which. */
const doors: readonly (readonly [what: string, name: RegExp, files: RegExp])[] = [
  ['child processes', /^(?:execa|(?:node:)?child_process)$/, /^src\/command\.ts$/],
  ['HTTP', /^undici$/, /^src\/(?:acquire|boskos|kube)\//],
  ['cloud storage', /^@google-cloud\/storage$/, /^src\/(?:acquire|build)\//],
];

/** Packages that cost more to load than this program's start may take: none is loaded before it is used. */
const heavy = /^(?:undici|@google-cloud\/.*|tar|yaml|semver|yargs|fast-xml-parser)$/;

describe('imports', () => {
  test('point from bin to deployers and testers to src, never to a sibling', () => {
    const wrong = imports.filter(({ from, to }) => !isPackage(to) && !allowed(from, to));
    expect(wrong.map(arrow)).toEqual([]);
  });

  test('make no cycle', () => {
    const next = Map.groupBy(
      imports.filter(({ to, typeOnly }) => !typeOnly && !isPackage(to)),
      ({ from }) => from,
    );
    expect(files.flatMap((file) => cycleFrom(file, next))).toEqual([]);
  });

  test.each(doors)('reach %s through one door', (_, name, through) => {
    const wrong = imports.filter(({ from, to, typeOnly }) => !typeOnly && name.test(to) && !through.test(from));
    expect(wrong.map(arrow)).toEqual([]);
  });

  test('load heavy packages when they are used', () => {
    const wrong = imports.filter(({ to, typeOnly, lazy }) => heavy.test(to) && !typeOnly && !lazy);
    expect(wrong.map(arrow)).toEqual([]);
  });

  test('name files as they are, with .ts', () => {
    expect(imports.filter(({ to }) => !isPackage(to) && !sources.has(to)).map(arrow)).toEqual([]);
  });
});

test('only the entries and the doors to the system touch the process', () => {
  const touching = [...sources].filter(([, source]) => /(?<![.\w$'"`-])process\.|'(?:node:)?process'/.test(source));
  const owners = /^(?:bin\/|src\/(?:main|signals|command|pipe|process-group|process-identity|cpu-time|clock)\.ts$)/;
  expect(touching.map(([file]) => file).filter((file) => !owners.test(file))).toEqual([]);
});

function allowed(from: string, to: string): boolean {
  return arrows.some(([area, targets]) => {
    const match = area.exec(from);
    return match !== null && new RegExp(targets.source.replace('$1', match[1] ?? '')).test(to);
  });
}

/** The cycles that lead from a file back to it, told once: from their first file in the alphabet. */
function cycleFrom(start: string, next: ReadonlyMap<string, readonly Import[]>): string[] {
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
