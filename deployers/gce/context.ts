import type { Env } from '../../src/api/env.ts';
import type { Run } from '../../src/api/run.ts';
import type { GceValues } from './flags.ts';

/** What the verbs of one run share. */
export interface Site {
  readonly run: Run;
  readonly values: GceValues;
  /** What --env says. */
  readonly extra: Env;
}
