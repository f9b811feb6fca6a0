import { appendFileSync, closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Log } from '../api/log.ts';
import { plainOf } from '../logging/to-json.ts';
import { isCode, reasonOf } from '../system/system-error.ts';

/** `events.jsonl`: what the run did, one line for each step, command, download and signal. */
export interface EventLog {
  /** Appends one line. Never throws: the first failure is told once, and the run goes on. */
  event(kind: string, fields: Readonly<Record<string, unknown>>): void;
}

export interface EventSettings {
  readonly runId: string;
  /** Takes secrets out of every text; see src/logging/secrets.ts. */
  readonly mask: (text: string) => string;
  readonly now: () => Date;
  /** Hears, once, that events cannot be written. */
  readonly log?: Pick<Log, 'warn'>;
}

/** A call that begins with an unfinished line, left by a killed one, ends that line first. */
export function openEvents(file: string, { runId, mask, now, log }: EventSettings): EventLog {
  let begun = false;
  let failed = false;
  return {
    event(kind, fields) {
      const time = now().toISOString();
      try {
        const line = { time, run: runId, event: kind, ...fieldsOf(fields, mask) };
        const start = !begun && endsInsideLine(file) ? '\n' : '';
        // One write call in append mode: lines of several processes never mix.
        appendFileSync(file, `${start}${JSON.stringify(line)}\n`);
        begun = true;
      } catch (error) {
        if (!failed) log?.warn(`${file} cannot be written, events of this run are missing there: ${reasonOf(error)}`);
        failed = true;
      }
    },
  };
}

const OWN = new Set(['time', 'run', 'event']);

function fieldsOf(fields: Readonly<Record<string, unknown>>, mask: (text: string) => string): object {
  const plain = plainOf(fields, mask);
  if (typeof plain !== 'object' || plain === null) return {};
  return Object.fromEntries(Object.entries(plain).map(([name, value]) => [OWN.has(name) ? `${name}_` : name, value]));
}

function endsInsideLine(file: string): boolean {
  try {
    const fd = openSync(file, 'r');
    try {
      const { size } = fstatSync(fd);
      const last = Buffer.alloc(1);
      return size > 0 && readSync(fd, last, 0, 1, size - 1) === 1 && last.toString() !== '\n';
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (isCode(error, 'ENOENT')) return false;
    throw error;
  }
}
