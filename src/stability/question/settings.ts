/** Which of the steps of a migration the question is about. */
export const STEPS = ['non-optional', 'blocking', 'replace'] as const;
export type MigrationStep = (typeof STEPS)[number];

/** What is asked, with rates as shares of 1 and times in milliseconds since 1970. */
export interface Settings {
  readonly step: MigrationStep;
  /** The share of runs that the canary may fail more often. */
  readonly margin: number;
  /** The share by which it may take longer. */
  readonly slower: number;
  readonly days: number;
  /** The newest builds of each job that are read, at most. */
  readonly runs: number;
  readonly minRuns: number;
  readonly minDays: number;
  readonly since: number | undefined;
  /** Texts in names of tests that may be lost. */
  readonly allowLost: readonly string[];
  readonly now: number;
}

export const HOUR = 3600e3;
export const DAY = 24 * HOUR;
