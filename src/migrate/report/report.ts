import type { Fate } from '../draft/draft.ts';

/** What happened to a job. */
export type Verdict = 'translated' | 'refused' | 'untouched' | 'added';

/** One flag of a job and what became of it. */
export interface FlagRow {
  readonly flag: string;
  /** Null where the flag stood alone. */
  readonly value: string | null;
  /** `LINE:COLUMN` in the file; empty for what was added. */
  readonly at: string;
  readonly fate: Fate;
  /** New arguments, `env: NAME=VALUE`, or a key of the job with its value. */
  readonly to: readonly string[];
  readonly why: string;
}

/** One change in the file. */
export interface EditRow {
  readonly path: string;
  readonly change: 'added' | 'replaced' | 'removed';
  readonly from: string;
  readonly to: string;
  readonly why: string;
}

/** One job of the report, legacy or not. The order of the keys is part of the format. */
export interface JobReport {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly type: string;
  /** `org/repo`; empty for a periodic. */
  readonly repo: string;
  readonly name: string;
  readonly branches: readonly string[];
  readonly style: string;
  readonly class: string;
  readonly verdict: Verdict;
  /** Why it was refused; empty otherwise. */
  readonly reason: string;
  readonly advice: string;
  /** The words behind the program's name in the new job; empty when there is none. */
  readonly argv: readonly string[];
  readonly flags: readonly FlagRow[];
  readonly edits: readonly EditRow[];
  readonly todo: readonly string[];
  /** The job that a canary shadows; empty otherwise. */
  readonly canaryOf: string;
}

export interface Report {
  readonly version: 1;
  readonly jobs: readonly JobReport[];
}

/** The report as JSON, its keys always in the same order. */
export const reportJson = (jobs: readonly JobReport[]): string =>
  `${JSON.stringify({ version: 1, jobs } satisfies Report, null, 2)}\n`;
