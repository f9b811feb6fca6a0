import type { ExecOptions } from '../api/exec.ts';
import type { Log } from '../api/log.ts';
import type { ChildOutput, Relay } from './output.ts';
import type { OutputSource } from './pipe.ts';
import { type ProcessGroup, type StopTimeouts, stopGroup } from './process-group.ts';

/** A running child in a process group of its own. */
export interface StartedChild {
  readonly pid: number;
  /** Its start time by `monotonic()`. */
  readonly since: number;
  /** Its stdout and stderr, or stdout for both; absent where it writes to our own streams directly. */
  readonly sources: Readonly<Partial<Record<'stdout' | 'stderr', OutputSource>>>;
  readonly exit: Promise<Exit>;
  /** Reads back what it wrote to our files directly: the last `limit` bytes of each. Call it once, after the exit. */
  written(limit: number): Uint8Array[];
}

/** How a child exited: one of the first three is set, or none when it could not be killed. */
export interface Exit {
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  /** Why it could not be started, as the rest of a sentence that starts with its name. */
  readonly notStarted?: string;
  /** The error behind `notStarted`. */
  readonly cause?: unknown;
}

export interface Supervision {
  /** The program's name, for warnings. */
  readonly name: string;
  readonly log: Log;
  readonly output: ChildOutput;
  readonly timeouts: StopTimeouts;
  /** Stops the child when it aborts. */
  readonly signal: AbortSignal;
  /** Whether processes that the child leaves running are left alone; see ExecOptions. */
  readonly leaveBehind: boolean;
  /** See ExecOptions. */
  readonly onLeftBehind: ExecOptions['onLeftBehind'];
  /** Milliseconds that processes left behind have to exit and to close the child's output. */
  readonly settle: number;
}

/** More than the system buffers of a stream without writers. Bytes. */
const IN_FLIGHT = 1024 * 1024;
/** Time for the rest of a child's group to exit with it, and for its output to arrive. Milliseconds. */
const EXIT_GRACE = 100;

/** How a child exited. `rest` is set when processes of its group stay, and settles when they have exited too. */
export interface SupervisedExit {
  readonly exit: Exit;
  readonly rest?: Promise<void>;
}

/** Waits until a child has exited, its group is gone and its output has been passed on. Stops the group when the signal aborts. */
export async function superviseChild(
  child: StartedChild,
  group: ProcessGroup,
  care: Supervision,
): Promise<SupervisedExit> {
  const relays = (['stdout', 'stderr'] as const).flatMap((name) => {
    const source = child.sources[name];
    return source === undefined ? [] : [care.output.relay(source, name)];
  });
  const stuck = Promise.withResolvers<Exit>();
  let stopping: Promise<void> | undefined;
  const stop = (): void => {
    stopping ??= stopGroup(group, care.timeouts).then((gone) => {
      if (gone) return;
      care.log.warn(`Process group ${child.pid} (${care.name}) did not exit after SIGKILL; leaving it running`);
      stuck.resolve({});
    });
  };
  care.signal.addEventListener('abort', stop, { once: true });
  care.output.onRefusal = stop;
  if (care.signal.aborted) stop();

  const exit = await Promise.race([child.exit, stuck.promise]);
  group.leaderExited = true;
  if (care.onLeftBehind && stopping === undefined && (await leavesProcesses(group, relays, care))) {
    care.signal.removeEventListener('abort', stop);
    const rest = Promise.withResolvers<void>();
    care.onLeftBehind(async () => {
      stop();
      await stopping;
      await drain(relays, care);
      rest.resolve();
    });
    return { exit, rest: rest.promise };
  }
  if (stopping === undefined && !care.leaveBehind && !(await restExits(group, relays, care))) stop();
  await stopping;
  await drain(relays, care);
  care.signal.removeEventListener('abort', stop);
  // The signal may have aborted while the last output was passed on.
  await stopping;
  return { exit };
}

/** Whether the child left processes running. The child's own output has been passed on by then, unless the others print too. */
async function leavesProcesses(group: ProcessGroup, relays: readonly Relay[], care: Supervision): Promise<boolean> {
  if (await group.waitUntilGone(EXIT_GRACE, care.signal)) return false;
  await within(
    EXIT_GRACE,
    Promise.all(relays.map((relay) => relay.ended)).then(() => true),
  );
  return !care.signal.aborted;
}

/** Whether the rest of the group exits soon after the child did. */
async function restExits(group: ProcessGroup, relays: readonly Relay[], care: Supervision): Promise<boolean> {
  if (await group.waitUntilGone(care.settle, care.signal)) return true;
  if (care.signal.aborted) return true;
  const holding = relays.some((relay) => !relay.over) ? ' that hold its output open' : '';
  care.log.warn(`${care.name} exited and left processes behind${holding}; stopping them`);
  return false;
}

/**
 * Passes on the rest of the output, at the speed of our own output. A stream that is still open and silent is held by a
 * process that left the group, and is closed.
 */
async function drain(relays: readonly Relay[], care: Supervision): Promise<void> {
  if (relays.every((relay) => relay.over)) return;
  const all = Promise.all(relays.map((relay) => relay.ended)).then(() => true);
  const passed = (): number => relays.reduce((sum, relay) => sum + relay.passed, 0);
  const start = passed();
  for (let before = start; ; before = passed()) {
    if (await within(care.settle, all)) return;
    const slow = relays.some((relay) => relay.waiting) && !care.signal.aborted;
    if (!slow && (passed() === before || passed() - start > IN_FLIGHT)) break;
  }
  if (!care.leaveBehind && !care.signal.aborted) {
    care.log.warn(
      `${care.name} exited, but a process outside its group holds its output open; ignoring further output`,
    );
  }
  for (const relay of relays) relay.cut();
}

/** The promise's value, or false after `ms` milliseconds. */
async function within(ms: number, promise: Promise<boolean>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, ms, false);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
