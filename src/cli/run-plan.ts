import type { Tester } from '../api/tester.ts';
import type { Plan } from '../lifecycle/plan.ts';
import type { RecordedRun } from '../lifecycle/recorded-run.ts';
import { stopTime } from '../process/process-group.ts';
import type { ChosenTester } from './choose-tester.ts';
import type { LauncherLine } from './launcher-line.ts';

/** The plan of a run, from the flags of its command line. */
export function planOf(line: LauncherLine, chosen: ChosenTester | undefined, run: RecordedRun): Plan {
  const { launcher } = line.values;
  return {
    build: launcher.build,
    up: launcher.up,
    down: launcher.down,
    preTestCmd: launcher.preTestCmd,
    postTestCmd: launcher.postTestCmd,
    testCase: chosen !== undefined && !launcher.skipTestJunitReport,
    owed: run.state.owesTeardown && !isKept(line),
    ownTester: chosen?.kind !== undefined,
    limits: {
      timeout: launcher.timeout,
      build: launcher.buildTimeout,
      up: launcher.upTimeout,
      test: launcher.testTimeout,
      down: launcher.downTimeout,
      cleanup: launcher.cleanupTimeout,
      stop: stopTime(launcher.interruptGrace),
    },
  };
}

/** True when `--down=never` was specified, false when it is only the default. */
export const isKept = ({ specified, values }: LauncherLine): boolean =>
  specified.has('down') && values.launcher.down === 'never';

/** Whether the plan has a step. */
export function asksForAnything(plan: Plan, tester: Tester | undefined): boolean {
  return isTeardown(plan) || plan.build || plan.up || hasHooks(plan) || tester !== undefined;
}

/** The message for a call without a step. */
export function nothingToDo({ specified }: LauncherLine): string {
  const missing = 'nothing to do: set --build, --up, --test=TESTER or --down';
  return specified.has('stage') ? `${missing}; --stage needs --build` : missing;
}

/** Whether a call only tears down, for which a writable disk is not required. */
export function onlyTearsDown(plan: Plan, tester: Tester | undefined): boolean {
  return isTeardown(plan) && !plan.build && !plan.up && !hasHooks(plan) && tester === undefined;
}

const isTeardown = (plan: Plan): boolean => plan.down !== 'never' || plan.owed;
const hasHooks = (plan: Plan): boolean => plan.preTestCmd.length + plan.postTestCmd.length > 0;
