import { cpuUsage } from 'node:process';

/** Milliseconds on a clock that never goes back; only differences mean something. */
export const monotonic = (): number => performance.now();

/** Milliseconds of processor time that this process has used so far, all its threads together. */
export function cpuTime(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1000;
}
