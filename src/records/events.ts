import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { RunError } from '../api/errors.ts';
import { toJson } from '../logging/to-json.ts';
import { reasonOf } from '../system/system-error.ts';

export interface EventSettings {
  readonly runId: string;
  /** Takes secrets out of every text; see src/logging/secrets.ts. */
  readonly mask: (text: string) => string;
  readonly now: () => Date;
}

/** How many lines wait for a file that cannot be written; then the oldest are dropped. */
const MOST_WAITING = 10_000;

/** `events.jsonl`: what the run did, one line for each step, command, download, retry and signal. */
export class EventFile {
  readonly #file: string;
  readonly #settings: EventSettings;
  #waiting: string[] = [];
  #begun = false;

  constructor(file: string, settings: EventSettings) {
    this.#file = file;
    this.#settings = settings;
  }

  /** Adds one line, in memory. Never throws. */
  add(kind: string, fields: Readonly<Record<string, unknown>>): void {
    const { runId, mask, now } = this.#settings;
    const line = { time: now().toISOString(), run: runId, event: kind, ...fieldsOf(fields, mask) };
    this.#waiting.push(`${JSON.stringify(line)}\n`);
    if (this.#waiting.length > MOST_WAITING) this.#waiting.shift();
  }

  /**
   * Appends the lines that wait, all or none of them. What a killed call left of a line is cut off first.
   * Throws RunError when the file cannot be written; the lines wait for the next time then.
   */
  write(): void {
    if (this.#waiting.length === 0) return;
    try {
      this.#append(Buffer.from(this.#waiting.join('')));
      this.#begun = true;
      this.#waiting = [];
    } catch (cause) {
      throw new RunError(`cannot write ${this.#file}: ${reasonOf(cause)}`, { cause });
    }
  }

  #append(bytes: Uint8Array): void {
    const { O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
    const fd = openSync(this.#file, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o644);
    try {
      const stat = fstatSync(fd);
      if (!stat.isFile()) throw new Error('it is not a regular file');
      const size = this.#begun ? stat.size : endOfLines(fd, stat.size);
      if (size < stat.size) ftruncateSync(fd, size);
      appendAll(fd, bytes, size);
    } finally {
      closeSync(fd);
    }
  }
}

/** Writes all bytes at the end; when that fails, the file has the size it had. */
function appendAll(fd: number, bytes: Uint8Array, size: number): void {
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
  } catch (error) {
    try {
      ftruncateSync(fd, size);
    } catch {
      // The first error is the one that counts; the next call cuts off what is left of the line.
    }
    throw error;
  }
}

/** How far back the beginning of an unfinished line is looked for. Bytes. */
const LONGEST_LINE = 64 << 10;

/** The size of a file without an unfinished line at its end. */
function endOfLines(fd: number, size: number): number {
  const tail = Buffer.alloc(Math.min(size, LONGEST_LINE));
  readSync(fd, tail, 0, tail.length, size - tail.length);
  if (tail.length === 0 || tail.at(-1) === 0x0a) return size;
  return size - tail.length + tail.lastIndexOf(0x0a) + 1;
}

const OWN = new Set(['time', 'run', 'event']);

function fieldsOf(fields: Readonly<Record<string, unknown>>, mask: (text: string) => string): object {
  const plain = toJson(fields, mask);
  if (typeof plain !== 'object' || plain === null) return {};
  return Object.fromEntries(Object.entries(plain).map(([name, value]) => [OWN.has(name) ? `${name}_` : name, value]));
}
