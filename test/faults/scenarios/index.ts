import type { Scenario } from '../scenario.ts';
import { gce } from './gce.ts';
import { ginkgo } from './ginkgo.ts';
import { hooks } from './hooks.ts';
import { kind, kindFailing, threeCalls } from './kind.ts';
import { staging } from './staging.ts';

/** Every kind of run that is disturbed. */
export const scenarios: readonly Scenario[] = [kind, kindFailing, ginkgo, gce, hooks, staging, threeCalls];
