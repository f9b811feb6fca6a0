import { readFile, readlink } from 'node:fs/promises';
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
export async function ownIdentity(): Promise<Owner> {
  return { pid, started: (await startOf(pid)) ?? '', place: await ownPlace() };
}

/** Whether a process still runs; undefined when it lives where it cannot be seen from here. A zombie does not run. */
export async function isAlive(owner: Owner): Promise<boolean | undefined> {
  if (owner.pid <= 0) return false;
  if (owner.place !== (await ownPlace())) return undefined;
  if (owner.started !== '') return (await startOf(owner.pid)) === owner.started;
  try {
    return kill(owner.pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Field 22 of /proc/PID/stat; undefined when there is no such process, it is a zombie, or there is no /proc. */
async function startOf(process: number): Promise<string | undefined> {
  const stat = await read(`/proc/${process}/stat`);
  // The second field is the program's name in brackets, which may hold spaces and brackets itself.
  const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' ? undefined : rest[18];
}

async function ownPlace(): Promise<string> {
  const boot = (await read('/proc/sys/kernel/random/boot_id')).trim();
  const namespace = await readlink('/proc/self/ns/pid').catch(() => '');
  return boot === '' ? hostname() : `${boot} ${namespace}`;
}

async function read(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}
