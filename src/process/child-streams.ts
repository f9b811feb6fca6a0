import { closeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Pipe } from './named-pipes.ts';
import { samePlace } from './output.ts';
import { type OutputSource, openInput, StreamSource } from './pipe.ts';
import { type SharedFile, shareFile } from './shared-file.ts';

/** This process's streams, which those of children are connected to. */
export interface OurStreams {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  readonly stdinIsTerminal?: boolean;
}

export interface StreamOptions {
  readonly output?: 'live' | 'capture' | 'log' | 'inherit';
  readonly input?: string;
  readonly onOutput?: (chunk: Uint8Array) => void;
}

/** A child's stream as `spawn` takes it. */
type Stdio = 'ignore' | 'inherit' | 'pipe' | number;

/** The streams of one child. Call `given` once it was started, `abandon` when it was not. */
export interface ChildStreams {
  readonly stdin: Stdio;
  readonly stdout: Stdio;
  readonly stderr: Stdio;
  /** The text to write to stdin where that is `pipe`. */
  readonly input: string | undefined;
  /** Closes our copies of the child's ends. Returns what is left to read, by stream; the child's sockets where there are no pipes. */
  given(child: { stdout?: Readable | null; stderr?: Readable | null }): Readonly<Partial<Record<Name, OutputSource>>>;
  abandon(): void;
  /** Reads back what the child wrote to our files directly: the last `limit` bytes of each. Call it once, after the exit. */
  written(limit: number): Uint8Array[];
}

type Name = 'stdout' | 'stderr';

/**
 * Opens the streams for a child: named pipes, one for both where stdout and stderr have the same destination, so that
 * their order is kept; our own streams where they are files, or with `inherit`; /dev/null or an unlinked file as stdin.
 */
export async function openChildStreams(
  ours: OurStreams,
  options: StreamOptions,
  directory: string,
  openPipes: (count: number) => Promise<readonly Pipe[]>,
): Promise<ChildStreams> {
  const { output = 'live', input, onOutput } = options;
  const inherits = output === 'inherit';
  const merged = output === 'log' || (output === 'live' && samePlace(ours.stdout, ours.stderr));
  const files = output === 'live' && onOutput === undefined ? shareFiles(ours, merged) : {};
  const piped = (['stdout', 'stderr'] as const).filter(
    (name) => !inherits && files[name] === undefined && !(merged && name === 'stderr'),
  );
  const pipes = await openPipes(piped.length);
  const byName = new Map<Name, Pipe>();
  for (const [at, name] of piped.entries()) {
    const pipe = pipes[at];
    if (pipe !== undefined) byName.set(name, pipe);
  }
  const end = (name: Name): Stdio => {
    if (inherits) return 'inherit';
    return files[name]?.descriptor ?? byName.get(name)?.writeEnd ?? 'pipe';
  };
  const file = input === undefined ? undefined : openInput(input, directory);
  const close = (): void => {
    if (file !== undefined) closeSync(file);
  };
  const stdout = end('stdout');
  const nothing = inherits && ours.stdinIsTerminal !== true ? 'inherit' : 'ignore';
  return {
    stdin: file ?? (input === undefined ? nothing : 'pipe'),
    stdout,
    stderr: merged && typeof stdout === 'number' ? stdout : end('stderr'),
    input: file === undefined ? input : undefined,
    given(child) {
      close();
      for (const pipe of pipes) pipe.given();
      const sources: Partial<Record<Name, OutputSource>> = {};
      for (const name of ['stdout', 'stderr'] as const) {
        const stream = child[name];
        const source = byName.get(name)?.source ?? (stream ? new StreamSource(stream) : undefined);
        if (source !== undefined) sources[name] = source;
      }
      return sources;
    },
    abandon() {
      close();
      for (const pipe of pipes) pipe.discard();
      for (const each of Object.values(files)) each.finish(0);
    },
    written: (limit) => Object.values(files).map((each) => each.finish(limit)),
  };
}

function shareFiles({ stdout, stderr }: OurStreams, merged: boolean): Partial<Record<Name, SharedFile>> {
  const out = shareFile(stdout);
  const err = merged ? undefined : shareFile(stderr);
  return { ...(out && { stdout: out }), ...(err && { stderr: err }) };
}
