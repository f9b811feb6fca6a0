import { lstatSync, type Stats } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import type { Env } from '../api/env.ts';
import { RunError, UsageError } from '../api/errors.ts';
import type { Log } from '../api/log.ts';
import { isCode, reasonOf, twice } from '../system/system-error.ts';
import type { RunPaths } from './paths.ts';
import type { RunState, StateHome } from './state-schema.ts';

export interface TrustOptions {
  /** For $SUDO_UID. */
  readonly env: Env;
  /** Whether the user named the run (--run-id, $PROW_JOB_ID): then a group's right to write is only warned of. */
  readonly isNamed: boolean;
  readonly log: Pick<Log, 'warn'>;
}

/**
 * Makes sure that what a run's state says can be followed: its directory, state and lock belong to this user or root and no
 * one else can write them, as ssh demands of a key. What does not exist is fine. Throws UsageError with the command
 * that makes it so, and RunError when it cannot be looked at.
 */
export function checkTrust(
  { runDir, state, lock }: Pick<RunPaths, 'runDir' | 'state' | 'lock'>,
  options: TrustOptions,
): void {
  const directory = lookAt(runDir);
  if (directory === undefined) return;
  if (!directory.isDirectory()) throw refused(runDir, 'it is no directory', 'remove it, or set another --rundir');
  check(runDir, directory, options);
  for (const file of [state, lock]) {
    const stat = lookAt(file);
    if (stat === undefined) continue;
    if (!stat.isFile())
      throw refused(file, `it is ${stat.isSymbolicLink() ? 'a symbolic link' : 'no file'}`, `remove it`);
    check(file, stat, options);
  }
}

/** Where a run directory is; undefined when it does not exist. */
export function homeOf(runDir: string): StateHome | undefined {
  const stat = lookAt(runDir);
  return stat && { host: hostname(), path: runDir, inode: String(stat.ino) };
}

/** Whether a state was written where it is now; states of earlier versions do not say. */
export function isAtHome({ home }: Pick<RunState, 'home'>, runDir: string): boolean {
  const here = homeOf(runDir);
  if (home === undefined || here === undefined) return true;
  return home.host === here.host && home.path === here.path && home.inode === here.inode;
}

function lookAt(path: string): Stats | undefined {
  try {
    return twice(() => lstatSync(path));
  } catch (cause) {
    if (isCode(cause, 'ENOENT', 'ENOTDIR')) return undefined;
    throw new RunError(`cannot look at ${path}: ${reasonOf(cause)}`, { cause });
  }
}

/** Permission bits of a group and of others that let them write. */
const GROUP = 0o020;
const OTHERS = 0o002;

function check(path: string, { uid, mode }: Stats, { env, isNamed, log }: TrustOptions): void {
  const own = userInfo().uid;
  const sudo = own === 0 && /^\d+$/.test(env['SUDO_UID'] ?? '') ? Number(env['SUDO_UID']) : own;
  if (![own, 0, sudo].includes(uid)) {
    throw refused(path, `it belongs to user ${uid}, not to this user (${own}) or root`, `run: chown ${own} ${path}`);
  }
  const writable = mode & (GROUP | OTHERS);
  if (writable === 0) return;
  const remedy = `run: chmod go-w ${path}`;
  if (writable === GROUP && isNamed) log.warn(`The group of ${path} can write it; ${remedy}`);
  else throw refused(path, 'other users can write it', remedy);
}

const refused = (path: string, why: string, remedy: string): UsageError =>
  new UsageError(`refusing to follow ${path}: ${why}; ${remedy}`);
