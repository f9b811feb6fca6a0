import { percent } from '../../text/figures.ts';
import type { Evidence } from '../evidence/evidence.ts';
import { durationOf, isCounted, type Run } from '../evidence/runs.ts';
import type { Settings } from '../question/settings.ts';
import { Z95, Z99 } from '../statistics/drop.ts';
import { logRatios, type Ratio, slowdownOf } from '../statistics/slowdown.ts';
import type { Gate } from './gate.ts';

/** How much longer the canary takes, with limits of 95 % and 99 %, each one-sided. */
export interface Slowdown {
  readonly at95: Ratio;
  readonly at99: Ratio;
}

const LEAST = 10;

/** How long the counted runs that passed took, in milliseconds. */
export function durationsOf(runs: readonly Run[]): number[] {
  return runs
    .filter((run) => isCounted(run) && run.passed)
    .map(durationOf)
    .filter((each) => each !== undefined);
}

/** Undefined when too few runs passed. */
export function compareDurations({ original, canary }: Evidence): Slowdown | undefined {
  const [before, after] = [durationsOf(original), durationsOf(canary)];
  if (Math.min(before.length, after.length) < LEAST) return undefined;
  const ratios = logRatios(before, after);
  const sizes = [before.length, after.length] as const;
  return { at95: slowdownOf(ratios, sizes, Z95), at99: slowdownOf(ratios, sizes, Z99) };
}

/** Whether the canary takes no longer, but for what is allowed. */
export function durationGate(
  { original }: Evidence,
  slowdown: Slowdown | undefined,
  { slower, minRuns }: Settings,
): Gate {
  const passed = durationsOf(original).length;
  if (slowdown === undefined) {
    const isHopeless = original.filter(isCounted).length >= minRuns && passed < LEAST;
    const text = isHopeless
      ? `only ${passed} original runs passed: there is no duration to hold the canary to`
      : `fewer than ${LEAST} runs of each job passed`;
    return { name: 'duration', state: isHopeless ? 'pass' : 'open', text };
  }
  const { at95, at99 } = slowdown;
  const state = at95.high < 1 + slower ? 'pass' : at99.low > 1 && at99.ratio > 1 + slower ? 'fail' : 'open';
  const text = `the canary takes ${change(at95.ratio)} (90 % interval ${signed(at95.low)} to ${signed(at95.high)}, allowed +${percent(slower)})`;
  return { name: 'duration', state, text };
}

const change = (ratio: number): string => `${percent(Math.abs(ratio - 1))} ${ratio < 1 ? 'less' : 'more'} time`;
const signed = (ratio: number): string => `${ratio < 1 ? '-' : '+'}${percent(Math.abs(ratio - 1))}`;
