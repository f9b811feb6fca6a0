import { Answers } from './answers.ts';
import { check } from './checks.ts';
import { type Ended, launch, operationsIn } from './launch.ts';
import type { Mode } from './modes.ts';
import type { Operation } from './operations.ts';
import type { Finding, Scenario, World } from './scenario.ts';

/** One disturbance of one kind of run. */
export interface Point {
  readonly scenario: Scenario;
  readonly mode: Mode;
  /** The number of the operation or answer, from 1 on; 0 disturbs nothing. */
  readonly at: number;
}

export interface Result {
  readonly point: Point;
  /** The first operation or answer that was disturbed; undefined when the run ended before. */
  readonly met: string | undefined;
  readonly findings: readonly Finding[];
  readonly seconds: number;
  readonly operations: readonly Operation[];
  /** How many answers the servers gave. */
  readonly answers: number;
  /** What the calls printed. */
  readonly output: string;
}

/** Milliseconds for one call: many times what it takes when the disk fails, and more than the patience with a server. */
const LIMITS = { files: 60_000, answers: 150_000 };

/** Makes one run with one disturbance, and checks all that is promised. */
export async function runPoint(point: Point): Promise<Result> {
  const began = performance.now();
  const { scenario, mode, at } = point;
  await using answers = new Answers(mode.of === 'answers' ? { fault: mode.fault, at } : undefined);
  await using world = await scenario.open({ answers, slow: mode.fault === 'kill' && at > 0 });
  const limit = LIMITS[mode.of];
  const calls = await callsOf(world, limit, { mode, at });
  const killed = calls.at(-1)?.signal === 'SIGKILL' && !calls.at(-1)?.late;
  const next = killed ? await launch(world.sandbox, world.next, limit) : undefined;
  const operations = operationsIn(world.sandbox);
  const hitOperations = operations.filter(({ hit }) => hit);
  const hitAnswers = answers.given.filter(({ hit }) => hit);
  const [operation] = hitOperations;
  const dir = `${world.sandbox.dir}/`;
  return {
    point,
    met: operation ? `${operation.name} ${operation.path.replace(dir, '')}` : hitAnswers[0]?.request,
    findings: check({ world, mode, calls, next, hitOperations, hitAnswers }),
    seconds: (performance.now() - began) / 1000,
    operations,
    answers: answers.given.length,
    output: [...calls, ...(next ? [next] : [])]
      .map(({ call, code, signal, output }) => `$ ${call.args.join(' ')}\n${output}exit code ${code ?? signal}\n`)
      .join('')
      .replaceAll(dir, ''),
  };
}

async function callsOf(world: World, limit: number, disturbance: { mode: Mode; at: number }): Promise<Ended[]> {
  const ended: Ended[] = [];
  for (const call of world.calls) {
    if (call.needsSuccess && ended.some((each) => each.code !== 0)) continue;
    ended.push(await launch(world.sandbox, call, limit, disturbance));
    if (ended.at(-1)?.signal !== null) break;
  }
  return ended;
}
