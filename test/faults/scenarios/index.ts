import type { Scenario } from '../scenario.ts';
import { kind, kindFailing, threeCalls } from './kind.ts';

/** Every kind of run that is disturbed. */
export const scenarios: readonly Scenario[] = [kind, kindFailing, threeCalls];
