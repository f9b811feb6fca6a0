import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LeaseFacts } from './lease-record.ts';

/** What a keeper is asked to do. No password is in it. */
export interface KeeperOrder extends LeaseFacts {
  /** Tells this order from an earlier one of the same run. */
  readonly id: string;
  /** Milliseconds between heartbeats. */
  readonly interval: number;
  /** Milliseconds that the keeper holds the resource before it gives it back. */
  readonly keepFor: number;
}

/** The order. A keeper whose order is gone, or is another's, ends. */
export const orderFile = (runDir: string): string => join(runDir, 'boskos-keeper-order.json');
/** The keeper's process id, from its first heartbeat to its end. */
export const pidFile = (runDir: string): string => join(runDir, 'boskos-keeper.pid');
/** What the keeper has to say. */
export const logFile = (runDir: string): string => join(runDir, 'boskos-keeper.log');

/** Puts an order in place of any earlier one, whole or not at all. */
export async function writeOrder(runDir: string, order: KeeperOrder): Promise<void> {
  const scratch = `${orderFile(runDir)}.${order.id}`;
  await writeFile(scratch, JSON.stringify(order), { mode: 0o600 });
  await rename(scratch, orderFile(runDir));
}

/** The order in a run dir; undefined when there is none. */
export async function readOrder(runDir: string): Promise<KeeperOrder | undefined> {
  const text = await readText(orderFile(runDir));
  return text === undefined ? undefined : (JSON.parse(text) as KeeperOrder);
}

/**
 * Withdraws the order by putting another in its place: a file that is merely gone means that the whole run dir is being
 * removed.
 */
export async function withdrawOrder(runDir: string): Promise<void> {
  const order = await readOrder(runDir);
  if (order !== undefined) await writeOrder(runDir, { ...order, id: WITHDRAWN });
}

/** Removes what is left of an order once its keeper has ended. */
export async function removeOrder(runDir: string): Promise<void> {
  await rm(orderFile(runDir), { force: true });
}

/** Stands for the id of an order that nobody is to follow. */
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
