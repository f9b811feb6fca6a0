import { type Mode, modes } from './modes.ts';
import { canMeet } from './operations.ts';
import { type Point, type Result, runPoint } from './run-point.ts';
import type { Scenario } from './scenario.ts';

/** What is to be tried. */
export interface Selection {
  readonly scenarios: readonly Scenario[];
  readonly modes: readonly Mode[];
  /** The one operation or answer; undefined for all of them. */
  readonly at: number | undefined;
  /** How many points of each scenario and mode, chosen by the seed; undefined for all. */
  readonly sample: number | undefined;
  readonly seed: number;
}

/** Runs that can be disturbed: all points of a selection. Throws when a run goes wrong though nothing disturbs it. */
export async function pointsOf({ scenarios, modes, at, sample, seed }: Selection): Promise<Point[]> {
  const points: Point[] = [];
  for (const scenario of scenarios) {
    const calm = await calmRun(scenario);
    for (const mode of modes) {
      const all = at === undefined ? numbersOf(mode, calm) : [at];
      const chosen =
        sample === undefined ? all : chosenFrom(all, sample, random(`${seed} ${scenario.name} ${mode.name}`));
      points.push(...chosen.map((number) => ({ scenario, mode, at: number })));
    }
  }
  return points;
}

/** A run that nothing disturbs, whose operations and answers are counted. */
async function calmRun(scenario: Scenario): Promise<Result> {
  const [mode] = modes;
  if (mode === undefined) throw new Error('there are no modes');
  const calm = await runPoint({ scenario, mode, at: 0 });
  if (calm.findings.length === 0) return calm;
  const texts = calm.findings.map(({ kind, text }) => `${kind}: ${text}`).join('\n');
  throw new Error(`${scenario.name} goes wrong though nothing disturbs it:\n${texts}\n${calm.output}`);
}

function numbersOf(mode: Mode, { operations, answers }: Result): number[] {
  if (mode.of === 'answers') return Array.from({ length: answers }, (_, at) => at + 1);
  return operations.filter((operation) => canMeet(mode.fault, operation)).map(({ number }) => number);
}

function chosenFrom(all: readonly number[], count: number, draw: () => number): number[] {
  const left = [...all];
  const chosen: number[] = [];
  while (chosen.length < count && left.length > 0) chosen.push(...left.splice(Math.trunc(draw() * left.length), 1));
  return chosen.toSorted((a, b) => a - b);
}

/** Numbers from 0 to below 1 that follow from a text alone (FNV-1a, then mulberry32). */
export function random(text: string): () => number {
  let state = 0x811c9dc5;
  for (const byte of Buffer.from(text)) state = Math.imul(state ^ byte, 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** How many points at a time: those that wait for a silent server need no CPU. */
export interface Lanes {
  readonly working: number;
  readonly waiting: number;
}

/** Tries all points, and calls `onResult` after each. */
export async function tryAll(
  points: readonly Point[],
  lanes: Lanes,
  onResult: (result: Result) => void,
): Promise<Result[]> {
  const results: Result[] = [];
  const lane = async (queue: Point[]): Promise<void> => {
    for (let point = queue.shift(); point !== undefined; point = queue.shift()) {
      const result = await runPoint(point);
      results.push(result);
      onResult(result);
    }
  };
  const [waiting = [], working = []] = [true, false].map((waits) =>
    points.filter(({ mode }) => (mode.of === 'answers') === waits),
  );
  // Those that wait longest begin first.
  waiting.sort((a, b) => Number(b.mode.fault === 'hang') - Number(a.mode.fault === 'hang'));
  await Promise.all([
    ...Array.from({ length: lanes.working }, () => lane(working)),
    ...Array.from({ length: lanes.waiting }, () => lane(waiting)),
  ]);
  return results;
}
