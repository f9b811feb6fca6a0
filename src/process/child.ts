import type { ExecOptions } from '../api/exec.ts';
import type { Log } from '../api/log.ts';
import type { ChildOutput, Relay } from './output.ts';
import type { Source } from './pipe.ts';
import { endGroup, type Patience, type ProcessGroup } from './process-group.ts';

/** A child that was started in a process group of its own. */
export interface Started {
  readonly pid: number;
  /** When it was started, by `monotonic()`. */
  readonly since: number;
  /** Its stdout and stderr, or stdout for both; those which it writes to our own streams itself are absent. */
  readonly sources: Readonly<Partial<Record<'stdout' | 'stderr', Source>>>;
  readonly exit: Promise<Exit>;
  /** What it wrote to our files itself: the last `limit` bytes of each. To be called once, after the end. */
  written(limit: number): Uint8Array[];
}

/** How a child ended: one of the first three is there, or none of them when it could not even be killed. */
export interface Exit {
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  /** Why it was never started, as the rest of a sentence that starts with its name. */
  readonly neverRan?: string;
  /** The error behind `neverRan`. */
  readonly cause?: unknown;
}

export interface Care {
  /** The program's name, for warnings. */
  readonly name: string;
  readonly log: Log;
  readonly output: ChildOutput;
  readonly patience: Patience;
  /** Ends the child when it aborts. */
  readonly signal: AbortSignal;
  /** What the child leaves running is none of our business. */
  readonly leaveBehind: boolean;
  /** See ExecOptions. */
  readonly onLeftBehind: ExecOptions['onLeftBehind'];
  /** Milliseconds that what a child left behind has to end, and to close the child's output. */
  readonly settle: number;
}

/** More than the system keeps of a stream that nobody can write to any more. Bytes. */
const IN_FLIGHT = 1024 * 1024;
/** What a child's family has to end with it, and what it printed to arrive. Milliseconds. */
const LAST_WORDS = 100;

/** How a child ended, and what is left of its group, if that was to stay: settled when that has ended too. */
export interface Attended {
  readonly exit: Exit;
  readonly rest?: Promise<void>;
}

/** Waits until a child has ended, nothing of its group is left and its output has been passed on; sees to it when it is told to. */
export async function attend(child: Started, group: ProcessGroup, care: Care): Promise<Attended> {
  const relays = (['stdout', 'stderr'] as const).flatMap((name) => {
    const source = child.sources[name];
    return source === undefined ? [] : [care.output.relay(source, name)];
  });
  const stuck = Promise.withResolvers<Exit>();
  let ending: Promise<void> | undefined;
  const end = (): void => {
    ending ??= endGroup(group, care.patience).then((gone) => {
      if (gone) return;
      care.log.warn(`${care.name} (process group ${child.pid}) cannot be ended, not even by SIGKILL: it stays behind`);
      stuck.resolve({});
    });
  };
  care.signal.addEventListener('abort', end, { once: true });
  care.output.onRefusal = end;
  if (care.signal.aborted) end();

  const exit = await Promise.race([child.exit, stuck.promise]);
  group.leaderEnded = true;
  if (care.onLeftBehind && ending === undefined && (await staysOn(group, relays, care))) {
    care.signal.removeEventListener('abort', end);
    const rest = Promise.withResolvers<void>();
    care.onLeftBehind(async () => {
      end();
      await ending;
      await drain(relays, care);
      rest.resolve();
    });
    return { exit, rest: rest.promise };
  }
  if (ending === undefined && !care.leaveBehind && !(await leavesNobody(group, relays, care))) end();
  await ending;
  await drain(relays, care);
  care.signal.removeEventListener('abort', end);
  // The signal may have aborted while the last output was on its way.
  await ending;
  return { exit };
}

/** Whether some of the family goes on. By then what the child itself printed has been passed on, unless the rest prints too. */
async function staysOn(group: ProcessGroup, relays: readonly Relay[], care: Care): Promise<boolean> {
  if (await group.ends(LAST_WORDS, care.signal)) return false;
  await within(
    LAST_WORDS,
    Promise.all(relays.map((relay) => relay.ended)).then(() => true),
  );
  return !care.signal.aborted;
}

/** Whether the rest of the family ends soon after the child did. */
async function leavesNobody(group: ProcessGroup, relays: readonly Relay[], care: Care): Promise<boolean> {
  if (await group.ends(care.settle, care.signal)) return true;
  if (care.signal.aborted) return true;
  const holding = relays.some((relay) => !relay.over) ? ', which hold its output open' : '';
  care.log.warn(`${care.name} has ended and left processes behind${holding}: ending them`);
  return false;
}

/**
 * Lets what is left of the output pass, as slowly as our own output takes it. A stream that is still open and silent is
 * held by a process that left the family, and is cut.
 */
async function drain(relays: readonly Relay[], care: Care): Promise<void> {
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
      `${care.name} has ended, and a process that left its group holds its output open: no longer listening`,
    );
  }
  for (const relay of relays) relay.cut();
}

/** The promise's value, or false after so many milliseconds. */
async function within(ms: number, promise: Promise<boolean>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, ms, false);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
