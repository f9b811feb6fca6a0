import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Values } from '../../src/api/flags.ts';
import type { Log } from '../../src/api/log.ts';
import type { Run } from '../../src/api/run.ts';
import { boskosFlags, type LeaseSettings, leaseSettings } from '../../src/boskos/flags.ts';
import type { Pace } from '../../src/boskos/request.ts';

/** Everything quick, so that a test of retries takes milliseconds. */
export const QUICK: Pace = { first: 5, longest: 20, poll: 10, answer: 15_000 };

/** A signal nobody aborts. */
export const never = (): AbortSignal => new AbortController().signal;

/** A log that keeps its lines. */
export interface Lines extends Log {
  readonly lines: string[];
}

export function lines(): Lines {
  const kept: string[] = [];
  const keep = (level: string) => (message: string) => void kept.push(`${level}: ${message}`);
  return {
    lines: kept,
    info: keep('info'),
    warn: keep('warn'),
    error: keep('error'),
    detail: () => undefined,
    progress: () => undefined,
    interactive: false,
  };
}

/** A run with a folder of its own, whose facts are kept in memory and whose programs are started for real. */
export interface TestRun extends Run, AsyncDisposable {
  readonly log: Lines;
  readonly facts: Map<string, string>;
  /** What was done, in order: `taking …`, `remember …`. */
  readonly story: string[];
}

export async function testRun(self: readonly string[] = [], id = 'run-1'): Promise<TestRun> {
  const dir = await mkdtemp(join(tmpdir(), 'boskos-'));
  const facts = new Map<string, string>();
  const story: string[] = [];
  const setFacts = (entries: Readonly<Record<string, string | undefined>>): void => {
    for (const [name, value] of Object.entries(entries)) {
      if (value === undefined) facts.delete(name);
      else facts.set(name, value);
    }
  };
  return {
    id,
    dir,
    artifacts: dir,
    cwd: dir,
    env: { JOB_NAME: 'ci-job', BUILD_ID: '42' },
    asked: { build: false, up: true, test: '', down: 'never' },
    log: lines(),
    exec: async ([program = '', ...words]) => {
      await once(spawn(program, words, { detached: true, stdio: 'ignore' }), 'exit');
      return { exitCode: 0, stdout: '', stderr: '', tail: '', seconds: 0 };
    },
    acquire: {
      cacheDir: dir,
      offline: false,
      pins: '',
      allowUnverified: false,
      downloadConnections: 1,
      gcsEndpoint: '',
    },
    program: { version: 'test', self },
    facts,
    story,
    state: {
      holding: async (what, facts = {}) => {
        setFacts(facts);
        story.push(`holding ${what}, leased: ${facts['boskosResource']}`);
      },
      released: async (what) => void story.push(`released ${what}`),
      recall: (name) => facts.get(name),
      remember: async (entries) => {
        setFacts(entries);
        story.push(`remember ${facts.get('boskosResource') ?? 'nothing'}`);
      },
    },
    records: {
      metadata: async () => undefined,
      junitCase: async () => undefined,
      event: (_event, fields) => void story.push(`event ${fields['did']}`),
    },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}

/** The settings of a run that talks to a server, with what a test wants to be otherwise. */
export function settingsFor(
  run: Run,
  location: string,
  other: Partial<LeaseSettings> = {},
  values: Partial<Values<typeof boskosFlags>> = {},
): LeaseSettings {
  return { ...leaseSettings({ ...defaults(), boskosLocation: location, ...values }, run), ...other };
}

/** What the flags are when nobody types one. */
export function defaults(): Values<typeof boskosFlags> {
  return Object.fromEntries(Object.entries(boskosFlags).map(([key, flag]) => [key, flag.fallback])) as Values<
    typeof boskosFlags
  >;
}
