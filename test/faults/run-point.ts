import { Answers } from './answers.ts';
import { check, type Outcome } from './checks.ts';
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

/** What came of a point. */
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

/** A run that is over, in a world that is still there to be looked at. */
export interface Played extends AsyncDisposable {
  readonly outcome: Outcome;
  readonly operations: readonly Operation[];
  readonly answers: number;
}

/** Milliseconds for one call: many times what it takes when the disk fails, and more than the patience with a server. */
const LIMITS = { files: 120_000, answers: 240_000 };

/** Makes one run with one disturbance, and checks all that is promised. */
export async function runPoint(point: Point): Promise<Result> {
  const began = performance.now();
  await using played = await play(point);
  const { outcome, operations, answers } = played;
  const dir = `${outcome.world.sandbox.dir}/`;
  const [operation] = outcome.hitOperations;
  const calls = [...outcome.calls, ...(outcome.next ? [outcome.next] : [])];
  return {
    point,
    met: operation ? `${operation.name} ${operation.path.replace(dir, '')}` : outcome.hitAnswers[0]?.request,
    findings: check(outcome),
    seconds: (performance.now() - began) / 1000,
    operations,
    answers,
    output: calls.map(transcript).join('').replaceAll(dir, ''),
  };
}

/** Makes one run with one disturbance, and after a kill the call that follows. */
export async function play({ scenario, mode, at }: Point): Promise<Played> {
  await using stack = new AsyncDisposableStack();
  const answers = stack.use(new Answers(mode.of === 'answers' ? { fault: mode.fault, at } : undefined));
  const world = stack.use(await scenario.open({ answers, slow: mode.fault === 'orphan' && at > 0 }));
  const limit = LIMITS[mode.of];
  const calls = await callsOf(world, limit, { mode, at });
  const last = calls.at(-1);
  const killed = last !== undefined && last.signal === 'SIGKILL' && !last.late;
  const next = killed ? await launch(world.sandbox, world.next, limit) : undefined;
  const operations = operationsIn(world.sandbox);
  const hitOperations = operations.filter(({ hit }) => hit);
  const hitAnswers = answers.given.filter(({ hit }) => hit);
  const kept = stack.move();
  return {
    outcome: { world, mode, calls, next, hitOperations, hitAnswers },
    operations,
    answers: answers.given.length,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
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

const transcript = ({ call, code, signal, output }: Ended): string =>
  `$ ${call.args.join(' ')}\n${output}exit code ${code ?? signal}\n`;
