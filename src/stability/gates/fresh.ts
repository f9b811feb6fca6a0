import { moment } from '../../text/figures.ts';
import type { Evidence } from '../evidence/evidence.ts';
import type { Run } from '../evidence/runs.ts';
import { DAY, HOUR } from '../question/settings.ts';
import { median } from '../statistics/quantile.ts';
import type { Gate } from './gate.ts';

/** Whether both jobs still run. */
export function freshGate({ kind, original, canary, until }: Evidence): Gate {
  const stale = [
    ...(isFresh(original, kind, until) ? [] : [`the original has not run since ${lastOf(original)}`]),
    ...(isFresh(canary, kind, until) ? [] : [`the canary has not run since ${lastOf(canary)}`]),
  ];
  if (stale.length > 0) return { name: 'fresh', state: 'open', text: stale.join(', and ') };
  const text = `the newest builds started ${lastOf(original)} (original) and ${lastOf(canary)} (canary)`;
  return { name: 'fresh', state: 'pass', text };
}

function isFresh(runs: readonly Run[], kind: Evidence['kind'], now: number): boolean {
  const newest = runs.at(-1);
  if (newest === undefined) return false;
  const usual = median(gapsOf(runs)) ?? 0;
  return now - newest.started < (kind === 'presubmit' ? 7 * DAY : Math.max(48 * HOUR, 3 * usual));
}

/** Milliseconds between the starts of runs that are in order. */
export function gapsOf(runs: readonly Run[]): number[] {
  return runs.slice(1).map(({ started }, at) => started - (runs[at]?.started ?? started));
}

function lastOf(runs: readonly Run[]): string {
  const newest = runs.at(-1);
  return newest === undefined ? 'the begin of the window' : moment(newest.started);
}
