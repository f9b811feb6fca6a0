import { closeSync, constants, openSync } from 'node:fs';
import { PipeSource, removeIfThere, type Source } from './pipe.ts';

/** A pipe of the system's own kind: one end for a child to write to, the other one for us. */
export interface Pipe {
  readonly source: Source;
  /** The end to give away: a file descriptor. */
  readonly writeEnd: number;
  /** Closes our copy of the end that was given away; without it the other end never sees the end of the output. */
  given(): void;
  /** Gives up a pipe that nothing writes to. */
  discard(): void;
}

/**
 * Opens pipes for a child, from named ones that are removed from their directory at once. Node.js connects children by
 * sockets, and a script that opens /dev/stderr, or `tee /dev/stdout`, fails on a socket. `make` creates the named pipes
 * in `directory`. None when they cannot be made or opened there.
 */
export async function openPipes(
  count: number,
  directory: string,
  make: (paths: readonly string[]) => Promise<void>,
): Promise<Pipe[]> {
  if (count === 0) return [];
  const mark = Math.random().toString(36).slice(2);
  const paths = Array.from({ length: count }, (_, at) => `${directory}/kubetest2-ts-${mark}-${at}`);
  const pipes: Pipe[] = [];
  try {
    await make(paths);
    for (const path of paths) pipes.push(openPipe(path));
    return pipes;
  } catch {
    for (const pipe of pipes) pipe.discard();
    return [];
  } finally {
    for (const path of paths) removeIfThere(path);
  }
}

function openPipe(path: string): Pipe {
  // In this order neither call waits for the other end.
  const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  let writeEnd: number;
  try {
    writeEnd = openSync(path, constants.O_WRONLY);
  } catch (error) {
    closeSync(readEnd);
    throw error;
  }
  const source = new PipeSource(readEnd);
  const given = (): void => closeSync(writeEnd);
  return {
    source,
    writeEnd,
    given,
    discard: () => {
      given();
      source.cut();
    },
  };
}
