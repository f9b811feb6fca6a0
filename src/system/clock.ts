import { cpuUsage } from 'node:process';

/** Milliseconds on a clock that never goes back; only differences are meaningful. */
export const monotonic = (): number => performance.now();

/** Milliseconds of CPU time that all threads of this process have used so far. */
export function cpuTime(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1000;
}
