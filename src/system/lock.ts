import { linkSync, readFileSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { RunError } from '../api/errors.ts';
import { monotonic } from './clock.ts';
import { makeDirectory } from './directories.ts';
import { isAlive, ownIdentity, type ProcessIdentity } from './process-identity.ts';
import { isCode, reasonOf } from './system-error.ts';
import { delay } from './wait.ts';

export interface LockOptions {
  readonly signal: AbortSignal;
  /** Whether to wait while another process holds the lock; otherwise LockedError is thrown. */
  readonly wait: boolean;
  /**
   * Milliseconds after which a waiting process passes by a holder that runs and gives no sign, since it is frozen; more
   * than `HEARTBEAT`. The holder must look at `isHeld` before it uses what the lock protects. Default: it is waited for.
   */
  readonly lease?: number;
  /** Called once for each holder that is waited for. */
  readonly onWait?: (pid: number) => void;
}

/** A held lock. Disposing releases it; a second time does nothing. */
export interface Lock extends AsyncDisposable {
  readonly file: string;
  /** This process. */
  readonly owner: ProcessIdentity;
  /** Unique for each time a lock is acquired. */
  readonly nonce: string;
  /** False once another process took the lock over because this one was frozen and counted as dead. True when unknown. */
  isHeld(): boolean;
}

/** Another process holds the lock. */
export class LockedError extends RunError {
  override readonly name = 'LockedError';
  /** The holder's process ID, on the host or in the container it runs in. */
  readonly pid: number;

  constructor(file: string, pid: number) {
    super(`${file} is held by process ${pid}`);
    this.pid = pid;
  }
}

interface Entry extends ProcessIdentity {
  /** Unique for each time a lock is acquired. */
  readonly nonce: string;
}

/** How often a holder updates the file's time, for processes that cannot see its process. Milliseconds. */
const HEARTBEAT = 15_000;
/** A holder on another host or in another container without a heartbeat for this long is dead. Milliseconds. */
const HEARTBEAT_TIMEOUT = 90_000;

/**
 * Acquires a lock file, among all processes that can see the file. The file appears atomically with its owner inside, so
 * a lock without an owner is never seen, and exactly one waiting process takes over the lock of a dead owner. Missing
 * directories are created.
 * Throws LockedError when it is held and `wait` is false, and the signal's reason when the signal aborts.
 */
export async function acquireLock(file: string, { signal, wait, lease, onWait }: LockOptions): Promise<Lock> {
  const owner = ownIdentity();
  const entry: Entry = { ...owner, nonce: `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}` };
  let announced: string | undefined;
  const isFrozen = watchHeartbeat(file, lease);
  for (let pause = 20; ; pause = Math.min(pause * 1.5, 250)) {
    signal.throwIfAborted();
    if (placed(file, entry)) return held(file, entry, owner);
    const holder = readEntry(file);
    if (holder === undefined) {
      await delay(1, signal);
      continue;
    }
    if (isDead(file, holder) || isFrozen(holder)) {
      await breakLock(file, holder, signal);
      continue;
    }
    if (!wait) throw new LockedError(file, holder.pid);
    if (announced !== holder.nonce) onWait?.(holder.pid);
    announced = holder.nonce;
    await delay(pause * (0.75 + Math.random() / 2), signal);
  }
}

/** Whether a holder gave no sign for the time of its lease, on our own clock: that of the file may be set. */
function watchHeartbeat(file: string, lease = Number.POSITIVE_INFINITY): (holder: Entry) => boolean {
  let last = '';
  let since = monotonic();
  return ({ nonce }) => {
    const sign = `${nonce} ${statSync(file, { throwIfNoEntry: false })?.mtimeMs}`;
    if (sign !== last) since = monotonic();
    last = sign;
    return monotonic() - since > lease;
  };
}

/** The ID of the process that holds the lock; undefined when no live process does. */
export function lockHolder(file: string): number | undefined {
  const holder = readEntry(file);
  return holder === undefined || isDead(file, holder) ? undefined : holder.pid;
}

function placed(file: string, entry: Entry): boolean {
  const draft = `${file}.${entry.nonce}.new`;
  try {
    makeDirectory(dirname(file));
  } catch (error) {
    throw new RunError(`cannot write the lock ${file}: ${reasonOf(error)}`, { cause: error });
  }
  try {
    writeFileSync(draft, JSON.stringify(entry), { flag: 'wx', mode: 0o600 });
    linkSync(draft, file);
    return true;
  } catch (error) {
    // ENOENT: the holder removed the draft as that of a killed process.
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
    // It was never written, or a later call removes it.
  }
}

function held(file: string, entry: Entry, owner: ProcessIdentity): Lock {
  const heartbeat = setInterval(() => {
    const now = new Date();
    try {
      utimesSync(file, now, now);
    } catch {
      // Another process counted this one as dead and removed the file.
    }
  }, HEARTBEAT);
  heartbeat.unref();
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
      clearInterval(heartbeat);
      if (readEntry(file)?.nonce === entry.nonce) unlinkSync(file);
    },
  };
}

/**
 * Removes the lock of a dead owner. The right to do so is a lock of its own, named after the dead owner's nonce, so a
 * lock that was acquired meanwhile is never removed.
 */
async function breakLock(file: string, dead: Entry, signal: AbortSignal): Promise<void> {
  await using _ = await acquireLock(`${file}.${dead.nonce}`, { signal, wait: true });
  if (readEntry(file)?.nonce === dead.nonce) unlinkSync(file);
}

function isDead(file: string, holder: Entry): boolean {
  const alive = isAlive(holder);
  if (alive !== undefined) return !alive;
  const lastHeartbeat = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
  return Date.now() - lastHeartbeat > HEARTBEAT_TIMEOUT;
}

/** Undefined when there is no lock file. An unreadable one counts as the lock of a dead owner. */
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
