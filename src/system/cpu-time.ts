import { cpuUsage } from 'node:process';

/** Milliseconds of processor time that this process has used so far, all its threads together. */
export function cpuTime(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1000;
}
