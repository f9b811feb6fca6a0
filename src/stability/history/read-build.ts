import { basename } from 'node:path';

import { JunitError, visitJunit } from '../../junit/stream.ts';
import type { Store, StoredFile } from '../store/store.ts';
import type { Build, TestOutcomes } from './build.ts';
import { Json } from './json.ts';
import { JunitOfBuild, NAMES_AND_OUTCOMES } from './junit-of-build.ts';
import type { NameTable } from './names.ts';
import { type Phase, phaseOfRows, phaseOfStep } from './phase.ts';
import {
  commitOf,
  hasFailedClone,
  headByProwjob,
  headByStarted,
  isByCrier,
  podTrouble,
  startsKubetest2,
  testExitCode,
  timeOf,
} from './prow-records.ts';

/** Which build, and where. */
export interface BuildPlace {
  readonly id: string;
  /** In the store, with a slash at its end. */
  readonly directory: string;
  /** Of a presubmit, the pull request: `org_repo/1234`; empty else. */
  readonly pull: string;
}

/** A junit file beyond this is not read. Bytes. */
const LARGEST_JUNIT = 100_000_000;
const LARGEST_JSON = 16 << 20;

const NO_TESTS: TestOutcomes = { names: new Int32Array(), outcomes: new Uint8Array(), reasons: new Map() };

/** Reads builds of one store; names of tests go into one table. */
export class BuildReader {
  readonly #store: Store;
  readonly #names: NameTable;
  readonly #written = new Map<string, number>();

  constructor(store: Store, names: NameTable) {
    this.#store = store;
    this.#names = names;
  }

  /** Reads what the gates need of a build, and no more. `files` are those of the build. */
  async read(place: BuildPlace, files: readonly StoredFile[], signal: AbortSignal): Promise<Build> {
    const record = (name: string) => this.#json(place, files, name, signal);
    const started = await record('started.json');
    const finished = await record('finished.json');
    const isPresubmit = place.pull !== '';
    const head = isPresubmit ? headByStarted(started) || headByProwjob(await record('prowjob.json')) : '';
    const result = finished.at('result').text.toLowerCase();
    const base: Build = {
      id: place.id,
      address: `${this.#store.address}/${place.directory.replace(/\/$/, '')}`,
      started: timeOf(started) ?? snowflakeTime(place.id) ?? timeOf(finished) ?? Number.NaN,
      finished: finished.isThere ? (timeOf(finished) ?? Number.NaN) : undefined,
      result,
      passed: finished.at('passed').boolean ?? result === 'success',
      trouble: undefined,
      phase: undefined,
      unreadable: '',
      commit: commitOf(started, finished),
      change: isPresubmit ? `${place.pull} ${head || place.id}` : '',
      tests: NO_TESTS,
    };
    if (!finished.isThere || result === 'aborted' || result === 'error') return base;
    return await this.#withJunit(base, finished, files, record, signal);
  }

  async #withJunit(
    base: Build,
    finished: Json,
    files: readonly StoredFile[],
    record: (name: string) => Promise<Json>,
    signal: AbortSignal,
  ): Promise<Build> {
    const junits = files.filter(({ path }) => path.endsWith('.xml') && basename(path) !== 'junit_version_skew.xml');
    if (junits.length === 0 && files.every(({ path }) => !path.endsWith('.xml'))) {
      const trouble = await this.#trouble(base, finished, record);
      if (trouble !== undefined) return { ...base, trouble };
    }
    const junit = new JunitOfBuild(this.#names, this.#written);
    const faults: string[] = [];
    for (const file of junits) {
      const fault = await this.#readJunit(file, junit, signal);
      if (fault !== undefined) faults.push(fault);
    }
    const phase = base.passed ? undefined : await phaseOf(junit, junits.length > 0, finished, record);
    const unreadable = faults.join('; ').slice(0, 1000);
    return { ...base, phase, unreadable, tests: faults.length === 0 ? junit.tests() : NO_TESTS };
  }

  /** What kept a build without any junit from running. */
  async #trouble(base: Build, finished: Json, record: (name: string) => Promise<Json>): Promise<string | undefined> {
    if (isByCrier(finished)) return 'the pod did not report';
    if (base.passed) return undefined;
    if (hasFailedClone(await record('clone-records.json'))) return 'a clone failed';
    return podTrouble(await record('podinfo.json'));
  }

  /** Returns why it cannot be read. */
  async #readJunit({ path, size }: StoredFile, junit: JunitOfBuild, signal: AbortSignal): Promise<string | undefined> {
    const name = `${this.#store.address}/${path}`;
    if (size > LARGEST_JUNIT) return `${name} has more than 100 MB`;
    const isRunner = basename(path) === 'junit_runner.xml';
    try {
      await this.#store.read(
        path,
        async (chunks) => {
          junit.beginFile(isRunner);
          await visitJunit(chunks, name, junit, NAMES_AND_OUTCOMES);
        },
        signal,
      );
      junit.endFile();
      return undefined;
    } catch (error) {
      if (error instanceof JunitError) return error.message;
      throw error;
    }
  }

  /** One of the build's records; nothing where there is none, or one that is no JSON. */
  async #json(place: BuildPlace, files: readonly StoredFile[], name: string, signal: AbortSignal): Promise<Json> {
    const path = `${place.directory}${name}`;
    const file = files.find((each) => each.path === path);
    if (file === undefined || file.size > LARGEST_JSON) return Json.nothing;
    return await this.#store.read(path, async (chunks) => Json.parse(await textOf(chunks)), signal);
  }
}

/** The time in an id as Prow makes them: milliseconds since 1288834974657 above 22 bits; undefined for a plain number. */
export function snowflakeTime(id: string): number | undefined {
  return isSnowflake(id) ? Number(BigInt(id) >> 22n) + EPOCH : undefined;
}

/** The least id of a time. */
export function snowflakeAt(ms: number): string {
  return String(BigInt(Math.max(0, Math.floor(ms) - EPOCH)) << 22n);
}

export const isSnowflake = (id: string): boolean => /^\d{19,20}$/.test(id);

const EPOCH = 1_288_834_974_657;

export async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > LARGEST_JSON) return '';
    parts.push(Buffer.from(chunk));
  }
  return Buffer.concat(parts).toString();
}

/** Where a failed run failed, by its launcher's own file where there is one. */
async function phaseOf(
  junit: JunitOfBuild,
  hasJunit: boolean,
  finished: Json,
  record: (name: string) => Promise<Json>,
): Promise<Phase> {
  const { runner } = junit;
  if (runner !== undefined) {
    const phase = phaseOfRows(runner.launcher ?? 'kubetest2', runner.rows);
    return phase ?? (junit.hasFailedTest ? 'test' : 'other');
  }
  const reached = phaseOfStep(finished.at('metadata', 'failed-step').text);
  if (reached !== undefined) return reached;
  const byCode = PHASES.get((await exitCodeOf(finished, record)) ?? 0);
  if (byCode !== undefined) return byCode;
  if (!hasJunit) return 'setup';
  return junit.hasFailedTest ? 'test' : 'other';
}

/** What kubetest2-ts' exit codes say of the phase. */
const PHASES: ReadonlyMap<number, Phase> = new Map([
  [1, 'test'],
  [3, 'setup'],
  [4, 'teardown'],
]);

/** The exit code of kubetest2-ts; undefined for any other program's. */
async function exitCodeOf(finished: Json, record: (name: string) => Promise<Json>): Promise<number | undefined> {
  const recorded = finished.at('metadata', 'exit-code').text;
  if (/^\d+$/.test(recorded)) return Number(recorded);
  const podinfo = await record('podinfo.json');
  return startsKubetest2(podinfo) ? testExitCode(podinfo) : undefined;
}
