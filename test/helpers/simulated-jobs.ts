import { runsOf } from '../../src/stability/evidence/runs.ts';
import { type Build, OUTCOME } from '../../src/stability/history/build.ts';
import { NameTable } from '../../src/stability/history/names.ts';
import type { Settings } from '../../src/stability/question/settings.ts';
import { type Judgement, judge } from '../../src/stability/verdict/verdict.ts';
import { DAY, random } from './job-history.ts';

/** One job whose truth is known. */
export interface Truth {
  /** Share of runs that fail. */
  readonly fails: number;
  /** Runs a day. */
  readonly pace?: number;
  /** How many times an hour a run takes. */
  readonly hours?: number;
  /** Share of its executions that one test, `the worse one`, fails besides. */
  readonly oneTest?: number;
}

export interface Simulation {
  readonly days: number;
  readonly original: Truth;
  readonly canary: Truth;
  /** Share of days on which every second run fails, or more. */
  readonly broken?: number;
  readonly settings?: Partial<Settings>;
}

export const NOW = Date.parse('2026-11-23T12:00:00Z');
export const DEFAULTS: Settings = {
  step: 'non-optional',
  margin: 0.05,
  slower: 0.1,
  days: 28,
  runs: 500,
  minRuns: 30,
  minDays: 7,
  since: undefined,
  allowLost: [],
  now: NOW,
};

const TESTS = 60;
export const WORSE = 'the worse one';

/** Judges one history of both jobs, as chance makes it with a seed. */
export function simulate({ days, original, canary, broken = 0, settings }: Simulation, seed: number): Judgement {
  const chance = random(seed);
  const names = new NameTable();
  const tests = [WORSE, ...Array.from({ length: TESTS }, (_, at) => `test ${at}`)].map((name) => names.idOf(name));
  const brokenDays = new Set(Array.from({ length: days }, (_, day) => day).filter(() => chance() < broken));
  const job = ({ fails, pace = 8, hours = 1, oneTest = 0 }: Truth): Build[] =>
    Array.from({ length: days * pace }, (_, at) => {
      const day = Math.floor(at / pace);
      const passed = chance() >= (brokenDays.has(day) ? Math.max(fails, 0.75) : fails);
      const worse = chance() < oneTest;
      const unlucky = 1 + Math.floor(chance() * TESTS);
      const outcomes = Uint8Array.from(tests, (_test, place) =>
        (place === 0 && worse) || (place === unlucky && !passed) ? OUTCOME.failed : OUTCOME.passed,
      );
      const started = NOW - days * DAY + (at + 0.5) * (DAY / pace);
      return {
        id: String(at),
        address: '',
        started,
        finished: started + 3600e3 * hours * (0.9 + 0.2 * chance()),
        result: passed ? 'success' : 'failure',
        passed,
        trouble: undefined,
        phase: passed ? undefined : 'test',
        unreadable: '',
        commit: '',
        change: '',
        tests: { names: Int32Array.from(tests), outcomes, reasons: new Map() },
      };
    });
  const window = { from: Math.floor((NOW - days * DAY) / DAY) * DAY, to: NOW };
  const evidence = {
    kind: 'periodic' as const,
    original: runsOf(job(original), window, NOW),
    canary: runsOf(job(canary), window, NOW),
    until: NOW,
  };
  return judge(evidence, names, { ...DEFAULTS, ...settings }, undefined);
}

/** The share of so many histories of which something holds. */
export function shareOf(simulation: Simulation, histories: number, holds: (judgement: Judgement) => boolean): number {
  let count = 0;
  for (let seed = 1; seed <= histories; seed++) if (holds(simulate(simulation, seed))) count += 1;
  return count / histories;
}
