import { closeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Pipe } from './named-pipes.ts';
import { samePlace } from './output.ts';
import { openInput, type Source, StreamSource } from './pipe.ts';
import { type Handover, handOver } from './shared-file.ts';

/** Our own streams, which children's are tied to. */
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

/** A child's stream as a spawn takes it. */
type Stdio = 'ignore' | 'inherit' | 'pipe' | number;

/** The streams of one child. Either `given` or `abandon` has to be called when it was started, or was not. */
export interface ChildStreams {
  readonly stdin: Stdio;
  readonly stdout: Stdio;
  readonly stderr: Stdio;
  /** What is to be written to a stdin of `pipe`. */
  readonly input: string | undefined;
  /** The child has its ends: what we read, under the name of where it goes. The child's own sockets are used where there are no pipes. */
  given(child: { stdout?: Readable | null; stderr?: Readable | null }): Readonly<Partial<Record<Name, Source>>>;
  abandon(): void;
  /** Reads back what the child wrote to our files itself: the last `limit` bytes of each. To be called once, after the end. */
  written(limit: number): Uint8Array[];
}

type Name = 'stdout' | 'stderr';

/**
 * Opens the streams for a child: pipes of the system's own kind, one for both where stdout and stderr go the same way, so
 * that their order is kept; our own where they are files, or were asked for; /dev/null or a nameless file to read from.
 */
export async function openChildStreams(
  ours: OurStreams,
  options: StreamOptions,
  folder: string,
  openPipes: (count: number) => Promise<readonly Pipe[]>,
): Promise<ChildStreams> {
  const { output = 'live', input, onOutput } = options;
  const inherits = output === 'inherit';
  const oneWay = output === 'log' || (output === 'live' && samePlace(ours.stdout, ours.stderr));
  const files = output === 'live' && onOutput === undefined ? handOverFiles(ours, oneWay) : {};
  const piped = (['stdout', 'stderr'] as const).filter(
    (name) => !inherits && files[name] === undefined && !(oneWay && name === 'stderr'),
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
  const file = input === undefined ? undefined : openInput(input, folder);
  const close = (): void => {
    if (file !== undefined) closeSync(file);
  };
  const stdout = end('stdout');
  const nothing = inherits && ours.stdinIsTerminal !== true ? 'inherit' : 'ignore';
  return {
    stdin: file ?? (input === undefined ? nothing : 'pipe'),
    stdout,
    stderr: oneWay && typeof stdout === 'number' ? stdout : end('stderr'),
    input: file === undefined ? input : undefined,
    given(child) {
      close();
      for (const pipe of pipes) pipe.given();
      const sources: Partial<Record<Name, Source>> = {};
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

function handOverFiles({ stdout, stderr }: OurStreams, oneWay: boolean): Partial<Record<Name, Handover>> {
  const out = handOver(stdout);
  const err = oneWay ? undefined : handOver(stderr);
  return { ...(out && { stdout: out }), ...(err && { stderr: err }) };
}
