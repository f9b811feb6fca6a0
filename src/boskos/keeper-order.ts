import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LeaseFacts } from './lease-record.ts';

/** What a keeper is to do. It holds no password. */
export interface KeeperOrder extends LeaseFacts {
  /** Tells this order from an earlier one of the same run. */
  readonly id: string;
  /** Milliseconds between heartbeats. */
  readonly interval: number;
  /** Milliseconds that the keeper renews the lease before it releases it. */
  readonly keepFor: number;
}

/** The order. A keeper whose order is gone or replaced exits. */
export const orderFile = (runDir: string): string => join(runDir, 'boskos-keeper-order.json');
/** The keeper's process id, from its first heartbeat to its end. */
export const pidFile = (runDir: string): string => join(runDir, 'boskos-keeper.pid');
/** The keeper's log. */
export const logFile = (runDir: string): string => join(runDir, 'boskos-keeper.log');

/** Puts an order in place of any earlier one, whole or not at all. */
export async function writeOrder(runDir: string, order: KeeperOrder): Promise<void> {
  const scratch = `${orderFile(runDir)}.${order.id}`;
  await writeFile(scratch, JSON.stringify(order), { mode: 0o600 });
  await rename(scratch, orderFile(runDir));
}

/** The order in a run directory; undefined when there is none. */
export async function readOrder(runDir: string): Promise<KeeperOrder | undefined> {
  const text = await readText(orderFile(runDir));
  return text === undefined ? undefined : (JSON.parse(text) as KeeperOrder);
}

/**
 * Withdraws the order by replacing it: a missing file means that the whole run directory is being removed.
 */
export async function withdrawOrder(runDir: string): Promise<void> {
  const order = await readOrder(runDir);
  if (order !== undefined) await writeOrder(runDir, { ...order, id: WITHDRAWN });
}

/** Removes the order of a keeper that exited. */
export async function removeOrder(runDir: string): Promise<void> {
  await rm(orderFile(runDir), { force: true });
}

/** The id of an order that no keeper is to follow. */
export const WITHDRAWN = 'withdrawn';

/** A file's text; undefined when there is no such file. */
export async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
