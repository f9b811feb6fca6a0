import { linkSync, mkdirSync, readFileSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { RunError } from '../api/errors.ts';
import { isAlive, type Owner, ownIdentity } from './process-identity.ts';
import { isCode, reasonOf } from './system-error.ts';
import { delay } from './wait.ts';

export interface LockOptions {
  readonly signal: AbortSignal;
  /** Whether to wait for another owner; without it the lock is taken at once or LockedError is thrown. */
  readonly wait: boolean;
  /** Called once for each owner that is waited for. */
  readonly onWait?: (pid: number) => void;
}

/** A lock that is held. Disposing gives it back; a second time does nothing. */
export interface Lock extends AsyncDisposable {
  readonly file: string;
  /** This process. */
  readonly owner: Owner;
  /** Unique for each time a lock is taken. */
  readonly nonce: string;
  /** False once another process took it over: this one was frozen, and counted as dead. True when that cannot be read. */
  isHeld(): boolean;
}

/** Somebody else holds the lock. */
export class LockedError extends RunError {
  override readonly name = 'LockedError';
  /** The holder's process id, on the machine (or in the container) it runs on. */
  readonly pid: number;

  constructor(file: string, pid: number) {
    super(`${file} is held by process ${pid}`);
    this.pid = pid;
  }
}

interface Entry extends Owner {
  /** Unique for each time a lock is taken. */
  readonly nonce: string;
}

/** How often a holder shows that it is alive to those who cannot see its process, in milliseconds. */
const BEAT = 15_000;
/** A holder on another machine or in another container that has not shown itself for this long is dead. */
const SILENCE = 90_000;

/**
 * Takes the lock that `file` stands for, among all processes that can see that file.
 * It appears with its owner inside in one step, so a lock without an owner is never seen, and the lock of a dead
 * owner is taken over by exactly one of those who want it. Missing folders are made.
 * Throws LockedError when it is held and `wait` is false, and the signal's reason when the signal aborts.
 */
export async function takeLock(file: string, { signal, wait, onWait }: LockOptions): Promise<Lock> {
  const owner = ownIdentity();
  const entry: Entry = { ...owner, nonce: `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}` };
  let announced: string | undefined;
  for (let pause = 20; ; pause = Math.min(pause * 1.5, 250)) {
    signal.throwIfAborted();
    if (placed(file, entry)) return held(file, entry, owner);
    const holder = readEntry(file);
    if (holder === undefined) continue;
    if (isDead(file, holder)) {
      await breakLock(file, holder, signal);
      continue;
    }
    if (!wait) throw new LockedError(file, holder.pid);
    if (announced !== holder.nonce) onWait?.(holder.pid);
    announced = holder.nonce;
    await delay(pause * (0.75 + Math.random() / 2), signal);
  }
}

/** The process that holds the lock, or undefined when nobody who is alive does. */
export function lockHolder(file: string): number | undefined {
  const holder = readEntry(file);
  return holder === undefined || isDead(file, holder) ? undefined : holder.pid;
}

function placed(file: string, entry: Entry): boolean {
  const draft = `${file}.${entry.nonce}.new`;
  mkdirSync(dirname(file), { recursive: true });
  try {
    writeFileSync(draft, JSON.stringify(entry), { flag: 'wx', mode: 0o600 });
    linkSync(draft, file);
    return true;
  } catch (error) {
    // ENOENT: the holder has removed the draft as one of a killed process.
    if (isCode(error, 'EEXIST', 'ENOENT')) return false;
    throw new RunError(`cannot write the lock ${file}: ${reasonOf(error)}`, { cause: error });
  } finally {
    discard(draft);
  }
}

function discard(draft: string): void {
  try {
    unlinkSync(draft);
  } catch {
    // It was never written, or goes with the next call's.
  }
}

function held(file: string, entry: Entry, owner: Owner): Lock {
  const beat = setInterval(() => {
    const now = new Date();
    try {
      utimesSync(file, now, now);
    } catch {
      // Somebody who took it for dead has removed it.
    }
  }, BEAT);
  beat.unref();
  return {
    file,
    owner,
    nonce: entry.nonce,
    isHeld: () => {
      try {
        return readEntry(file)?.nonce === entry.nonce;
      } catch {
        return true;
      }
    },
    [Symbol.asyncDispose]: async () => {
      clearInterval(beat);
      if (readEntry(file)?.nonce === entry.nonce) unlinkSync(file);
    },
  };
}

/**
 * Removes the lock of a dead owner. The right to do so is a lock of its own, named after that one holding,
 * so a lock that somebody took meanwhile is never removed.
 */
async function breakLock(file: string, dead: Entry, signal: AbortSignal): Promise<void> {
  await using _ = await takeLock(`${file}.${dead.nonce}`, { signal, wait: true });
  if (readEntry(file)?.nonce === dead.nonce) unlinkSync(file);
}

function isDead(file: string, holder: Entry): boolean {
  const alive = isAlive(holder);
  if (alive !== undefined) return !alive;
  const shown = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
  return Date.now() - shown > SILENCE;
}

/** Undefined when there is no lock. What cannot be read is nobody's: its owner counts as dead. */
function readEntry(file: string): Entry | undefined {
  try {
    const { pid, started, place, nonce } = JSON.parse(readFileSync(file, 'utf8'));
    return { pid: Number(pid), started: String(started), place: String(place), nonce: String(nonce) };
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    if (error instanceof SyntaxError || error instanceof TypeError)
      return { pid: 0, started: '', place: '', nonce: 'unreadable' };
    throw new RunError(`cannot read the lock ${file}: ${reasonOf(error)}`, { cause: error });
  }
}
