import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Job } from '../read/job.ts';
import type { Ownership } from './markdown.ts';

/** The SIG of a job by its dashboards, else by where its file is. */
export function sigOf(annotations: Job['annotations'], file: string): string {
  const boards = (annotations.get('testgrid-dashboards') ?? '').split(',').map((name) => name.trim());
  const [named] = boards.flatMap((name) => (/^sig-release-/.test(name) ? [] : sigIn(name)));
  return named ?? sigIn(file)[0] ?? boards.flatMap(sigIn)[0] ?? 'other';
}

/** SIGs whose names have more than one word, so that `sig-node-release-blocking` is still sig-node. */
const LONG = [
  'sig-api-machinery',
  'sig-cloud-provider',
  'sig-cluster-lifecycle',
  'sig-contributor-experience',
  'sig-k8s-infra',
];

function sigIn(text: string): string[] {
  const long = LONG.find((name) => text.includes(name));
  const short = /sig-[a-z0-9]+/.exec(text)?.[0];
  return long !== undefined ? [long] : short !== undefined ? [short] : [];
}

/** The approvers of the OWNERS file nearest to a file, up to the root of its repository. */
export function approversOf(path: string): Ownership['owners'] {
  for (let directory = dirname(path); directory !== dirname(directory); directory = dirname(directory)) {
    const text = read(join(directory, 'OWNERS'));
    if (text !== undefined) return approversIn(text);
    if (read(join(directory, '.git', 'HEAD')) !== undefined) return [];
  }
  return [];
}

function approversIn(text: string): string[] {
  const [, block = ''] = /^approvers:[ \t]*\r?\n((?:[ \t]*(?:-.*|#.*)?\r?\n?)*)/m.exec(text) ?? [];
  return [...block.matchAll(/^[ \t]*-[ \t]*["']?([\w-]+)/gm)].map(([, name = '']) => name);
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
