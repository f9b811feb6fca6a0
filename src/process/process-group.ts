import { kill } from 'node:process';
import { monotonic } from '../system/clock.ts';
import { read, readProcesses } from './processes.ts';

/** How long to wait between the signals that stop a group, and what shortens that. */
export interface StopTimeouts {
  /** Milliseconds from SIGINT to SIGTERM; from there to SIGKILL the same, at most 15 s. */
  readonly grace: number;
  /** Subscribes to the operator's request to send the next signal now; returns the function that unsubscribes. */
  readonly onHurry: (listener: () => void) => () => void;
  /** Once aborted, SIGKILL is sent at once. */
  readonly giveUp: AbortSignal;
}

/** The longest time from SIGTERM to SIGKILL, and from there until the group must be gone. Milliseconds. */
const MAX_TERM = 15_000;
const MAX_KILL = 5_000;

/** The longest time that stopping a group takes, from SIGINT to the wait after SIGKILL, with a margin. Milliseconds. */
export const stopTime = (grace: number): number => grace + Math.min(grace, MAX_TERM) + MAX_KILL + 2000;

/** The process group that a child leads, by the child's process ID. */
export class ProcessGroup {
  /** Set it when the child has exited: from then on all members are descendants. */
  leaderExited: boolean = false;
  readonly #id: number;

  constructor(id: number) {
    this.#id = id;
  }

  /** Sends a signal to every member. Members that are gone or run as another user are skipped. */
  send(signal: NodeJS.Signals): void {
    try {
      kill(-this.#id, signal);
    } catch {
      // ESRCH: the group is gone. EPERM: its members run as another user.
    }
  }

  /** Whether a member is running. A zombie is not: in a container it may never be reaped. */
  get alive(): boolean {
    try {
      kill(-this.#id, 0);
    } catch (error) {
      return error instanceof Error && 'code' in error && error.code === 'EPERM';
    }
    // Reading all of /proc is expensive, so it is left for when the child itself has exited.
    if (!this.leaderExited) return true;
    const processes = readProcesses();
    return processes === undefined || processes.some((each) => each.group === this.#id && each.running);
  }

  /** Whether the child has exited and all remaining members ignore the signal, so that waiting is pointless. */
  ignores(signal: 'SIGINT' | 'SIGTERM'): boolean {
    if (!this.leaderExited) return false;
    const members = readProcesses()?.filter((each) => each.group === this.#id && each.running);
    return members?.every(({ id }) => ignored(id, signal)) ?? false;
  }

  /** Kills the group, and descendants of its members in groups of their own. */
  kill(): void {
    const processes = readProcesses() ?? [];
    const family = new Set([this.#id]);
    for (const each of processes) if (each.group === this.#id) family.add(each.id);
    // A parent may come after its child in the list: repeat until nothing is added.
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
        // It has exited.
      }
    }
  }

  /** Waits until no member is running: true. False after `ms` milliseconds, when `wake` aborts, or once `pointless` holds. */
  async waitUntilGone(ms: number, wake: AbortSignal, pointless: () => boolean = () => false): Promise<boolean> {
    const deadline = monotonic() + ms;
    for (let pause = 2; this.alive; pause = Math.min(pause * 2, 100)) {
      const left = deadline - monotonic();
      if (left <= 0 || wake.aborted || pointless()) return false;
      await pauseFor(Math.min(pause, left), wake);
    }
    return true;
  }
}

/**
 * Stops a group: SIGINT, after the grace SIGTERM, then SIGKILL; an `orphan` gets no SIGINT. Resolves to true when no member
 * is running; to false when one is still running 5 s after SIGKILL.
 */
export async function stopGroup(group: ProcessGroup, timeouts: StopTimeouts, orphan = false): Promise<boolean> {
  const interrupt = ['SIGINT', timeouts.grace] as const;
  const terminate = ['SIGTERM', Math.min(timeouts.grace, MAX_TERM)] as const;
  for (const [signal, ms] of orphan ? [terminate] : [interrupt, terminate]) {
    if (timeouts.giveUp.aborted) break;
    group.send(signal);
    const wake = new AbortController();
    const forget = timeouts.onHurry(() => wake.abort());
    const wakeUp = (): void => wake.abort();
    timeouts.giveUp.addEventListener('abort', wakeUp);
    const gone = await group.waitUntilGone(ms, wake.signal, () => group.ignores(signal));
    timeouts.giveUp.removeEventListener('abort', wakeUp);
    forget();
    if (gone) return true;
  }
  group.kill();
  return group.waitUntilGone(MAX_KILL, new AbortController().signal);
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
