import { kill } from 'node:process';
import { monotonic } from '../system/clock.ts';
import { read, readProcesses } from './processes.ts';

/** How long to wait for a group to react, and who may cut that short. */
export interface Patience {
  /** Milliseconds from SIGINT to SIGTERM; from there to SIGKILL the same, at most 15 s. */
  readonly grace: number;
  /** Subscribes to the operator's wish to take the next step now; returns the end of the subscription. */
  readonly onHurry: (listener: () => void) => () => void;
  /** Once aborted, SIGKILL is the only step left. */
  readonly giveUp: AbortSignal;
}

/** The longest time a group has between SIGTERM and SIGKILL, and a killed one to disappear: milliseconds. */
const LONGEST_TERM = 15_000;
const LONGEST_KILL = 5_000;

/** How long a child may take to stop, from SIGINT to the end after SIGKILL, and a moment more: milliseconds. */
export const stopTime = (grace: number): number => grace + Math.min(grace, LONGEST_TERM) + LONGEST_KILL + 2000;

/** The process group of a child that leads it, by the child's process id. */
export class ProcessGroup {
  /** To be set when the child has ended: from then on what is left are its descendants. */
  leaderEnded: boolean = false;
  readonly #id: number;

  constructor(id: number) {
    this.#id = id;
  }

  /** Sends a signal to every member; one that is gone, or belongs to somebody else, is left alone. */
  send(signal: NodeJS.Signals): void {
    try {
      kill(-this.#id, signal);
    } catch {
      // ESRCH: it is gone. EPERM: its members run as another user.
    }
  }

  /** Whether a member is running. Zombies are not: nobody may ever collect them, in a container for instance. */
  get alive(): boolean {
    try {
      kill(-this.#id, 0);
    } catch (error) {
      return error instanceof Error && 'code' in error && error.code === 'EPERM';
    }
    // While the child itself runs there is no need to look closer, and afterwards it is looked at only if somebody is left.
    if (!this.leaderEnded) return true;
    const processes = readProcesses();
    return processes === undefined || processes.some((each) => each.group === this.#id && each.running);
  }

  /** Whether the child has ended and all that is left of its group ignores the signal, so that waiting for it is in vain. */
  ignores(signal: 'SIGINT' | 'SIGTERM'): boolean {
    if (!this.leaderEnded) return false;
    const members = readProcesses()?.filter((each) => each.group === this.#id && each.running);
    return members?.every(({ id }) => ignored(id, signal)) ?? false;
  }

  /** Kills the group, and descendants of its members that moved to groups of their own. */
  kill(): void {
    const processes = readProcesses() ?? [];
    const family = new Set([this.#id]);
    for (const each of processes) if (each.group === this.#id) family.add(each.id);
    // A parent may come after its child in the list: repeat until nobody is added.
    for (let before = 0; before !== family.size; ) {
      before = family.size;
      for (const each of processes) if (family.has(each.parent)) family.add(each.id);
    }
    this.send('SIGKILL');
    for (const each of processes) {
      if (!family.has(each.id) || each.group === this.#id) continue;
      try {
        kill(each.id, 'SIGKILL');
      } catch {
        // Gone meanwhile.
      }
    }
  }

  /** Waits until no member runs: true. False after `ms` milliseconds, when `wake` aborts, or when waiting is in vain. */
  async ends(ms: number, wake: AbortSignal, vain: () => boolean = () => false): Promise<boolean> {
    const deadline = monotonic() + ms;
    for (let pause = 2; this.alive; pause = Math.min(pause * 2, 100)) {
      const left = deadline - monotonic();
      if (left <= 0 || wake.aborted || vain()) return false;
      await pauseFor(Math.min(pause, left), wake);
    }
    return true;
  }
}

/**
 * Ends a group: SIGINT, after the grace SIGTERM, then SIGKILL; an `orphan` gets no SIGINT, since there is no one left who
 * interrupts it. Resolves when no member runs any more: true; or when some of it outlived even SIGKILL for some seconds: false.
 */
export async function endGroup(group: ProcessGroup, patience: Patience, orphan = false): Promise<boolean> {
  const interrupt = ['SIGINT', patience.grace] as const;
  const terminate = ['SIGTERM', Math.min(patience.grace, LONGEST_TERM)] as const;
  for (const [signal, ms] of orphan ? [terminate] : [interrupt, terminate]) {
    if (patience.giveUp.aborted) break;
    group.send(signal);
    const wake = new AbortController();
    const forget = patience.onHurry(() => wake.abort());
    const wakeUp = (): void => wake.abort();
    patience.giveUp.addEventListener('abort', wakeUp);
    const gone = await group.ends(ms, wake.signal, () => group.ignores(signal));
    patience.giveUp.removeEventListener('abort', wakeUp);
    forget();
    if (gone) return true;
  }
  group.kill();
  return group.ends(LONGEST_KILL, new AbortController().signal);
}

function pauseFor(ms: number, wake: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      wake.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    wake.addEventListener('abort', end);
  });
}

/** Whether a process ignores a signal, by the mask in /proc/PID/status. */
function ignored(id: number, signal: 'SIGINT' | 'SIGTERM'): boolean {
  const [, mask = '0'] = /^SigIgn:\s*([0-9a-f]+)$/m.exec(read(`/proc/${id}/status`)) ?? [];
  const number = signal === 'SIGINT' ? 2 : 15;
  return ((BigInt(`0x${mask}`) >> BigInt(number - 1)) & 1n) === 1n;
}
