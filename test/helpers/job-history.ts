import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { snowflakeAt } from '../../src/stability/history/read-build.ts';

/** How a test of a build ended; a text that begins with `skipped` is its reason. */
export type Ending = 'passed' | 'failed' | 'flaked' | 'pending' | `skipped${string}`;

/** One build of a job, as a test wants it. */
export interface BuildSpec {
  /** Milliseconds since 1970. */
  readonly started: number;
  readonly seconds?: number;
  /** Default: true. */
  readonly passed?: boolean;
  /** Absent: as passed says; `none`: there is no finished.json. */
  readonly result?: string;
  readonly id?: string;
  readonly tests?: Readonly<Record<string, Ending>>;
  /** The rows of junit_runner.xml, by their class; failed ones begin with `!`. Absent: Up, Test, Down of kubetest2. */
  readonly steps?: { readonly launcher: string; readonly rows: readonly string[] } | 'none';
  /** Files beside, or instead of, what comes of the rest; undefined takes one away. */
  readonly files?: Readonly<Record<string, string | undefined>>;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly commit?: string;
  /** Of a presubmit. */
  readonly pull?: { readonly number: number; readonly head: string };
}

export const HOUR = 3600e3;
export const DAY = 24 * HOUR;

/** The files of a job, by their paths in a bucket. */
export function jobFiles(job: string, builds: readonly BuildSpec[]): Map<string, string> {
  const found = new Map<string, string>();
  const serial = new Map<number, number>();
  for (const build of builds) {
    const count = serial.get(build.started) ?? 0;
    serial.set(build.started, count + 1);
    const id = build.id ?? String(BigInt(snowflakeAt(build.started)) + BigInt(count));
    const directory = build.pull ? `pr-logs/pull/org_repo/${build.pull.number}/${job}/${id}` : `logs/${job}/${id}`;
    if (build.pull) found.set(`pr-logs/directory/${job}/${id}.txt`, `gs://bucket/${directory}\n`);
    for (const [path, content] of Object.entries(buildFiles(build))) {
      if (content !== undefined) found.set(`${directory}/${path}`, content);
    }
  }
  return found;
}

export function writeFiles(root: string, files: ReadonlyMap<string, string>): void {
  for (const [path, content] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

function buildFiles(build: BuildSpec): Record<string, string | undefined> {
  const { started, seconds = 3600, passed = true, result = passed ? 'SUCCESS' : 'FAILURE', metadata = {} } = build;
  const {
    commit,
    pull,
    tests,
    steps = { launcher: 'kubetest2', rows: passed ? ALL : ['Up', '!Test', 'Down'] },
  } = build;
  const repos = pull ? { 'org/repo': `master:abcdef0,${pull.number}:${pull.head}` } : {};
  const finished = { timestamp: started / 1000 + seconds, passed, result, metadata };
  return {
    'started.json': json({
      timestamp: started / 1000,
      'repo-commit': commit,
      repos,
      pull: pull && String(pull.number),
    }),
    'finished.json': result === 'none' ? undefined : json(finished),
    'podinfo.json':
      result === 'none' ? undefined : json({ pod: { status: { phase: passed ? 'Succeeded' : 'Failed' } } }),
    'build-log.txt': 'not to be read',
    'artifacts/junit_runner.xml': steps === 'none' ? undefined : runnerXml(steps),
    'artifacts/junit_01.xml': tests ? testsXml(tests) : undefined,
    ...build.files,
  };
}

const ALL = ['Up', 'Test', 'Down'];

const json = (value: unknown): string => JSON.stringify(value);

function runnerXml({ launcher, rows }: { launcher: string; rows: readonly string[] }): string {
  const cases = rows.map((row) => {
    const name = row.replace(/^!/, '');
    return `<testcase name="${name}" classname="${launcher}" time="1">${row === name ? '' : '<failure message="no"/>'}</testcase>`;
  });
  return `<testsuite name="${launcher === 'kubetest2' ? launcher : 'kubetest'}">${cases.join('')}</testsuite>`;
}

export function testsXml(tests: Readonly<Record<string, Ending>>): string {
  const cases = Object.entries(tests).map(([name, ending]) => testcase(escaped(name), ending));
  return `<?xml version="1.0"?><testsuites><testsuite name="Kubernetes e2e suite">${cases.join('\n')}</testsuite></testsuites>`;
}

function testcase(name: string, ending: Ending): string {
  const open = `<testcase name="[It] ${name}" classname="Kubernetes e2e suite" time="1"`;
  if (ending === 'passed') return `${open}/>`;
  if (ending === 'failed') return `${open}><failure message="no">text</failure></testcase>`;
  if (ending === 'flaked') return `${open}><failure message="no">text</failure></testcase>${open}/>`;
  return `${open}><skipped message="${escaped(ending)}"/></testcase>`;
}

const escaped = (text: string): string => text.replace(/[<>&"]/g, (each) => `&#${each.charCodeAt(0)};`);

/** Numbers from 0 to 1 that are the same in each run with a seed. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
