// A world for openExec whose streams, log and events a test can look at.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { CommandError } from '../../src/api/errors.ts';
import type { Log } from '../../src/api/log.ts';
import { type ExecWorld, openExec } from '../../src/process/exec.ts';

/** A stream that keeps what is written to it. */
export class Collector extends Writable {
  readonly #chunks: Buffer[] = [];

  override _write(chunk: Buffer, _: unknown, done: () => void): void {
    // A copy: what a relay passes on is good only until it is written.
    this.#chunks.push(Buffer.from(chunk));
    this.emit('came');
    done();
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  text(): string {
    return this.bytes().toString();
  }

  /** Resolves with the match as soon as the text has one. */
  async said(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.text());
      if (match !== null) return match;
      await new Promise((resolve) => this.once('came', resolve));
    }
  }
}

export function openWorld(changes: Partial<ExecWorld> = {}) {
  const stdout = new Collector();
  const stderr = new Collector();
  const lines: string[] = [];
  const events: [string, Readonly<Record<string, unknown>>][] = [];
  const hurried = new Set<() => void>();
  const giveUp = new AbortController();
  const say = (kind: string) => (message: string) => {
    lines.push(`${kind}: ${message}`);
  };
  const log: Log = {
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
    detail: (level, message) => say(`detail ${level}`)(message),
    progress: () => undefined,
    interactive: false,
  };
  const exec = openExec({
    env: () => process.env,
    cwd: process.cwd(),
    stdout,
    stderr,
    log,
    event: (name, fields) => events.push([name, fields]),
    mask: (text) => text.replaceAll('s3cret', '***'),
    grace: 300,
    onHurry(listener) {
      hurried.add(listener);
      return () => hurried.delete(listener);
    },
    giveUp: giveUp.signal,
    ...changes,
  });
  const hurry = (): void => {
    for (const listener of hurried) listener();
  };
  return { exec, stdout, stderr, lines, events, hurry, hurried, giveUp };
}

/** The CommandError a command ends with. */
export async function failure(run: Promise<unknown>): Promise<CommandError> {
  const error = await run.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof CommandError) return error;
  throw new Error('not a CommandError', { cause: error });
}

export function temporary(): string {
  const directory = mkdtempSync(join(tmpdir(), 'command-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Whether a process runs; a zombie does not. */
export function runs(pid: number | string): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}
