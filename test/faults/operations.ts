import { existsSync, readFileSync } from 'node:fs';
import type { FileFault } from './modes.ts';

/** One operation on files as faulty-files.c wrote it down. */
export interface Operation {
  /** From 1 on, over all calls of a run. */
  readonly number: number;
  /** Whether the fault met it. */
  readonly hit: boolean;
  readonly name: string;
  /** Letters: creates, writes, deletes, modifies, syncs, reads, executes. */
  readonly kinds: string;
  readonly path: string;
}

/** Which kinds of operations each fault can meet; the same table is in faulty-files.c. */
const KINDS: Readonly<Record<FileFault, RegExp>> = {
  enospc: /[cws]/,
  eio: /[cwdmsr]/,
  erofs: /[cwdms]/,
  short: /w/,
  kill: /[cwdms]/,
  orphan: /x/,
};

/** The operations in a trace, in the order of their numbers. */
export function readOperations(trace: string): Operation[] {
  if (!existsSync(trace)) return [];
  return readFileSync(trace, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [number = '', hit = '', name = '', kinds = '', ...path] = line.split('\t');
      return { number: Number(number), hit: hit === '1', name, kinds, path: path.join('\t') };
    })
    .toSorted((a, b) => a.number - b.number);
}

/** Whether a fault can meet an operation. */
export const canMeet = (fault: FileFault, { kinds }: Operation): boolean => KINDS[fault].test(kinds);
