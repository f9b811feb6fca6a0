import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { kill, pid } from 'node:process';

/** Identifies one process, so that a later one with the same ID is not mistaken for it. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in clock ticks since boot (Linux); otherwise empty. */
  readonly started: string;
  /** Where its ID is valid: one boot of one host, and the PID namespace. */
  readonly place: string;
}

/** This process. */
export const ownIdentity = (): ProcessIdentity => identityOf(pid);

/** A process on this host. */
export function identityOf(process: number): ProcessIdentity {
  return { pid: process, started: startOf(process) ?? '', place: ownPlace() };
}

/** Whether a process is or was on this host, since its last boot, and in this PID namespace. */
export const isHere = ({ place }: Pick<ProcessIdentity, 'place'>): boolean => place === ownPlace();

/** Whether a process is running; undefined when it is on another host or in another namespace. A zombie is not running. */
export function isAlive(owner: ProcessIdentity): boolean | undefined {
  if (owner.pid <= 0) return false;
  if (owner.place !== ownPlace()) return undefined;
  if (owner.started !== '') return startOf(owner.pid) === owner.started;
  try {
    return kill(owner.pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Field 22 of /proc/PID/stat; undefined when there is no such process, it is a zombie, or there is no /proc. */
function startOf(process: number): string | undefined {
  const stat = read(`/proc/${process}/stat`);
  // The second field is the program's name in parentheses, which may contain spaces and parentheses itself.
  const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' ? undefined : rest[18];
}

function ownPlace(): string {
  const boot = read('/proc/sys/kernel/random/boot_id').trim();
  const namespace = orEmpty(() => readlinkSync('/proc/self/ns/pid'));
  return boot === '' ? hostname() : `${boot} ${namespace}`;
}

const read = (file: string): string => orEmpty(() => readFileSync(file, 'utf8'));

function orEmpty(action: () => string): string {
  try {
    return action();
  } catch {
    return '';
  }
}
