import { readdirSync, readFileSync } from 'node:fs';

/** One process on this host. */
export interface Process {
  readonly id: number;
  readonly parent: number;
  readonly group: number;
  /** False for a zombie. */
  readonly running: boolean;
  /** In clock ticks since boot. */
  readonly started: string;
}

/** All processes, from /proc; undefined on systems without it. */
export function readProcesses(): Process[] | undefined {
  const found: Process[] = [];
  for (const name of list('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = read(`/proc/${name}/stat`);
    // After the program's name, which may contain spaces and parentheses itself: state, parent, group.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ', 20);
    const [state = 'X', parent, group] = fields;
    const running = !/^[ZX]/.test(state);
    found.push({ id: Number(name), parent: Number(parent), group: Number(group), running, started: fields[19] ?? '' });
  }
  return found.length > 0 ? found : undefined;
}

/** Whether a process was started with a variable of that value in its environment; false when that is unreadable. */
export function hasVariable(id: number, name: string, value: string): boolean {
  return read(`/proc/${id}/environ`).split('\0').includes(`${name}=${value}`);
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** The text of a file of /proc; empty when it is unreadable. */
export function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
