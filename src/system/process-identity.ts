import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { kill, pid } from 'node:process';

/** One process, so that another one which got its number later is not taken for it. */
export interface Owner {
  readonly pid: number;
  /** When it started, in clock ticks since boot (Linux), else empty. */
  readonly started: string;
  /** Where its number means something: one boot of one machine, and the process namespace. */
  readonly place: string;
}

/** This process. */
export const ownIdentity = (): Owner => identityOf(pid);

/** A process that runs on this machine. */
export function identityOf(process: number): Owner {
  return { pid: process, started: startOf(process) ?? '', place: ownPlace() };
}

/** Whether a process was on this machine, since it was started last, and in what this process can see of it. */
export const isHere = ({ place }: Pick<Owner, 'place'>): boolean => place === ownPlace();

/** Whether a process still runs; undefined when it lives where it cannot be seen from here. A zombie does not run. */
export function isAlive(owner: Owner): boolean | undefined {
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
  // The second field is the program's name in brackets, which may hold spaces and brackets itself.
  const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' ? undefined : rest[18];
}

function ownPlace(): string {
  const boot = read('/proc/sys/kernel/random/boot_id').trim();
  const namespace = orNothing(() => readlinkSync('/proc/self/ns/pid'));
  return boot === '' ? hostname() : `${boot} ${namespace}`;
}

const read = (file: string): string => orNothing(() => readFileSync(file, 'utf8'));

function orNothing(ask: () => string): string {
  try {
    return ask();
  } catch {
    return '';
  }
}
