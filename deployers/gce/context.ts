import type { Env } from '../../src/api/env.ts';
import type { Run } from '../../src/api/run.ts';
import type { GceValues } from './flags.ts';

/** What the steps of one run share. */
export interface GceContext {
  readonly run: Run;
  readonly values: GceValues;
  /** The variables of `--env`. */
  readonly variables: Env;
}
